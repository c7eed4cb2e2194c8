"""The view of ``nncli report`` that judges: the claims of sweeps, each with its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from nncli.cli.reporting.request import Request
from nncli.cli.reporting.view import Canvas, View
from nncli.report.text import plural, visible

if TYPE_CHECKING:
    from nncli.judging import Verdict
    from nncli.judging.sources import Source
    from nncli.store.finding import ReportStore

#: Columns that go where there is no room, the highest first.
RANKS = {
    **{"verdict": 1, "estimate": 2, "p_holm": 3, "n": 4, "reason": 5, "ci_low": 6, "ci_high": 6},
    **{"expected": 7, "value": 8, "test": 9, "ours": 10, "theirs": 10, "p": 11, "of": 12},
    **{"because": 13, "sweep": 14},
}

NO_CLAIMS = (
    "no sweep in {} has claims: run an experiment (nncli experiment list), or a TOML file with "
    "[[claim]] entries (nncli sweep FILE.toml)"
)


def claims_view(store: ReportStore, request: Request) -> View:
    """Return the verdicts on the claims of a file, of some sweeps, or of all: ``--claims``."""
    from nncli.judging.sources import sources_of

    return view_of(sources_of(store, request.runs), store)


def view_of(sources: list[Source], store: ReportStore) -> View:
    """Return the view of some sweeps with claims."""
    from nncli.judging import judge, verdict_table

    judged = [
        (each, judge(store, each.sweep.id, each.claims, quick=each.quick)) for each in sources
    ]
    verdicts = [verdict for _, some in judged for verdict in some]
    table = verdict_table(verdicts)
    if not sources:
        return View({"claims": table}, nothing=NO_CLAIMS.format(store.shown))

    def draw(canvas: Canvas) -> list[str]:
        return list(_lines(judged, canvas))

    return View(
        {"claims": table},
        notes=[count_of(verdicts)],
        ranks={"claims": RANKS},
        records={"claims": lambda: [each.to_json() for each in verdicts]},
        about={"sweeps": [each.sweep.id for each in sources]},
        draw=draw,
        drawn=("claims",),
    )


def _lines(judged: list[tuple[Source, list[Verdict]]], canvas: Canvas) -> Iterator[str]:
    from nncli.judging import verdict_lines
    from nncli.report.pictures.words import wrapped

    for place, (source, verdicts) in enumerate(judged):
        if place:
            yield ""
        which = f"sweep {source.sweep.id}" + (", quick" if source.quick else "")
        head = f"{source.title} ({which})" if source.title else which
        yield from wrapped(visible(head), canvas.width)
        yield ""
        for line in verdict_lines(verdicts, canvas.width, colored=canvas.colored):
            yield line if canvas.unicode else line.encode("ascii", "backslashreplace").decode()
    yield ""


def count_of(verdicts: list[Verdict]) -> str:
    """Return how many claims came to what, and how many otherwise than was expected."""
    from nncli.claims.declaration import VERDICTS

    words = [each.verdict for each in verdicts]
    counts = ", ".join(f"{words.count(word)} {word}" for word in VERDICTS if word in words)
    opposite = sum(each.is_opposite for each in verdicts)
    unexpected = f"; {opposite} otherwise than expected" if opposite else ""
    return f"{plural(len(verdicts), 'claim')}: {counts}{unexpected}"


def of_their_sweeps(store: ReportStore, request: Request) -> tuple[Request, list[Source]]:
    """Return the request for the runs of the sweeps whose claims are asked for, and these."""
    from nncli.judging.sources import sources_of

    sources = sources_of(store, request.runs)
    ids = tuple(dict.fromkeys(each.sweep.id for each in sources))
    return replace(request, runs=(), of_sweeps=ids), sources


def is_as_stored(source: Source) -> bool:
    """Say whether a sweep is stored with these claims, so that a page shows it as experiment."""
    from nncli.sweeps.definition import Definition

    definition = Definition.of_stored(source.sweep.definition)
    about = None if definition is None else definition.about
    return about is not None and about.claims == source.claims
