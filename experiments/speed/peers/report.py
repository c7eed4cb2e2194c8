"""The measurements as Markdown: the machine, microseconds an update, ratios, share of the peak."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from peers.cases import CASES
from peers.native import PEAK_FLOPS
from peers.worker import OWN, PEAK


def environment_lines(results: dict[str, Any]) -> list[str]:
    """What the numbers depend on, and who was left out and why."""
    lines = [
        f"- Processor: {_processor()}, {os.cpu_count()} cores; {results['threads']} threads used",
        f"- Load average at the start (should be near 0): {results['load']}",
        f"- OPENBLAS_CORETYPE: {results['coretype'] or 'not set'}",
    ]
    for name, facts in results["contestants"].items():
        versions = ", ".join(f"{package} {number}" for package, number in facts["versions"].items())
        lines.append(f"- {name}: {versions}{_in_brackets(facts['blas'])}")
    for name, reasons in results["left_out"].items():
        for reason in dict.fromkeys(reasons.values()):
            cases = ", ".join(case for case in reasons if reasons[case] == reason)
            lines.append(f"- Left out: {name} ({cases}): {reason}")
    return lines


def speed_tables(cases: dict[str, Any]) -> list[str]:
    """One row a case: microseconds an update, then how many times nncli's time the peers take."""
    names = list(dict.fromkeys(name for measured in cases.values() for name in measured))
    names = [name for name in names if name != PEAK]
    peers = [name for name in names if name != OWN]
    times, ratios = [], []
    for key, measured in cases.items():
        case = CASES[key]
        seconds = {
            name: median(entry["seconds"] for entry in found["rounds"])
            for name, found in measured.items()
        }
        row = [f"{seconds[n] / case.updates * 1e6:,.1f}" if n in seconds else "" for n in names]
        peak = PEAK_FLOPS / seconds[PEAK] if PEAK in seconds else None
        times.append([case.title, *row, f"{peak / 1e9:,.0f}" if peak else ""])
        if OWN in seconds:
            row = [f"{seconds[n] / seconds[OWN]:,.2f}" if n in seconds else "" for n in peers]
            share = f"{case.flops / seconds[OWN] / peak:.2f}" if peak else ""
            ratios.append([case.title, *row, share])
    lines = ["Microseconds an update, and the sgemm peak in GFLOP/s", ""]
    lines += _markdown(["case", *names, "sgemm peak"], times)
    if ratios:
        lines += ["", "Time of a peer / time of nncli, and nncli's share of the sgemm peak", ""]
        lines += _markdown(["case", *peers, "share of peak"], ratios)
    notes = {
        f"{name}: {found['note']}": None
        for measured in cases.values()
        for name, found in measured.items()
        if found["note"]
    }
    return [*lines, "", *(f"- {note}" for note in notes)]


def memory_table(measured: dict[str, Any]) -> list[str]:
    """Peak resident memory by contestant, and as a multiple of PyTorch's."""
    reference = measured.get("PyTorch eager", {}).get("peak_bytes")
    rows = [
        [
            name,
            f"{answer['peak_bytes'] / 2**20:,.0f}",
            f"{answer['peak_bytes'] / reference:.2f}" if reference else "",
            f"{answer['seconds']:.2f}",
        ]
        for name, answer in measured.items()
    ]
    header = ["contestant", "peak MiB", "of PyTorch eager's", "seconds, first epoch"]
    return _markdown(header, rows)


def _markdown(header: list[str], rows: list[list[str]]) -> list[str]:
    rule = ["---", *(["---:"] * (len(header) - 1))]
    return [f"| {' | '.join(row)} |" for row in [header, rule, *rows]]


def _in_brackets(parts: Iterable[str]) -> str:
    text = "; ".join(parts)
    return f" ({text})" if text else ""


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
