"""Where a run starts: the key of its random numbers and its first weights, both from the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices, lsuv
from nncli.arrays import scaled_rows, some_rows
from nncli.data import Dataset
from nncli.model import Model
from nncli.spec import Spec


def start(
    spec: Spec, model: Model, dataset: Dataset, dtype: str | None = None
) -> tuple[int, NDArray[Any]]:
    """Return the key and the first ``theta`` (size,) of a resolved spec's run.

    ``theta`` has the type that the spec trains in, unless another is named.
    """
    rng = np.random.default_rng(spec.seed)
    key = int(rng.integers(0, 2**63))
    theta = model.initialize(rng, spec.init, dtype or spec.dtype)
    if choices.is_adaptive(spec.init):
        x, _ = scaled_rows(dataset, some_rows(dataset, lsuv.ROWS))
        lsuv.scale_weights(model, theta, x, spec.bn_eps or 0.0)
    return key, theta
