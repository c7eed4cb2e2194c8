"""The check of one network as ``nncli train`` would train it, on the data that it would see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices
from nncli.arrays import loss_settings, scaled_rows, some_rows
from nncli.data import Dataset
from nncli.gradcheck.check import Check, check_network
from nncli.gradcheck.jacobian import check_jacobian
from nncli.gradcheck.probe import Batch, Probe, Setting
from nncli.model import Model
from nncli.spec import Spec
from nncli.starting import start

#: Rows of the batch that is looked at, at most; the gradient is a mean over rows.
ROWS = 32

#: Arrays with more entries are checked at so many of them, and the network along directions.
MOST_ENTRIES = 2000

#: Entries of the Jacobian that are checked, at most.
MOST_JACOBIAN = 200

#: Networks with more parameters take no complex step: their Python form would take minutes.
MOST_COMPLEX = 2_000_000


def check_spec(
    spec: Spec,
    dataset: Dataset,
    model: Model,
    theta: NDArray[Any] | None = None,
    *,
    fast: bool = False,
) -> Iterator[Check]:
    """Yield the checks of a resolved spec's network at ``theta``, or at its first weights.

    All arithmetic is in float64, whatever the network trains in.
    """
    assert spec.loss is not None
    assert spec.task is not None
    if theta is None:
        _, theta = start(spec, model, dataset, "float64")
    theta = np.asarray(theta, np.float64)
    batch = first_batch(dataset, spec)
    setting = Setting(
        loss=choices.loss(spec.loss),
        settings=loss_settings(spec, dataset).astype(np.float64),
        eps=spec.bn_eps or 0.0,
        dropout=spec.dropout,
        key=spec.seed,
    )
    probe = Probe(model, setting, batch, task=spec.task)
    second = None
    if model.parameters * len(batch.x) <= MOST_COMPLEX:
        second = Probe(model, setting, batch, native=False, dtype="complex128")
    widths = "-".join(str(each) for each in (model.inputs, *(x.fan_out for x in model.layers)))
    yield check_network(
        f"network {widths}, {spec.loss}, {len(batch.x)} rows", probe, theta, fast=fast,
        most_entries=MOST_ENTRIES, complex_probe=second, seed=spec.seed,
    )  # fmt: skip
    yield check_jacobian(
        "jacobian at the first row", model, theta, batch.x[0], eps=spec.bn_eps or 0.0,
        most=MOST_JACOBIAN,
    )  # fmt: skip


def first_batch(dataset: Dataset, spec: Spec) -> Batch:
    """Return rows of the training split, as many as a mini-batch has."""
    most = ROWS if spec.batch_size == "full" else min(ROWS, int(spec.batch_size or ROWS))
    return Batch(*scaled_rows(dataset, some_rows(dataset, max(2, most))))
