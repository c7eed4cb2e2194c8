"""A metric as a report names it: ``val_accuracy``, ``train_loss:last``, ``val_rmse:min``.

Of what is measured every epoch there are four values a run, which are never mixed: ``best`` is that
of the run's best epoch, ``last`` that of its last, and ``min`` and ``max`` are the extremes of the
whole curve.
"""

from __future__ import annotations

from dataclasses import dataclass

from nncli.errors import UsageError, unknown_choice

#: What is measured on each split. The error is one minus the accuracy.
MEASURES = ("loss", "accuracy", "error", "rmse")

#: Measured every epoch on the train and val splits, once at the end on the test split.
CURVE_METRICS = tuple(f"{split}_{measure}" for split in ("val", "train") for measure in MEASURES)
TEST_METRICS = tuple(f"test_{measure}" for measure in MEASURES)

#: What a run costs.
COSTS = ("parameters", "seconds_train", "seconds_total", "epochs", "updates")

METRICS = (*CURVE_METRICS, *TEST_METRICS, *COSTS)
STATISTICS = ("best", "last", "min", "max")


@dataclass(frozen=True)
class Metric:
    """A metric; ``statistic`` is None where a run has one value of it."""

    name: str
    statistic: str | None

    @property
    def label(self) -> str:
        """Return the metric with its statistic, as headings show it and ``--where`` takes it."""
        return self.name if self.statistic is None else f"{self.name}:{self.statistic}"

    @property
    def larger_is_better(self) -> bool:
        """Say whether more is better: of accuracies alone."""
        return self.name.endswith("_accuracy")

    def better(self, a: float, b: float) -> bool:
        """Say whether ``a`` is better than ``b``."""
        return a > b if self.larger_is_better else a < b


def read_metric(text: str) -> Metric:
    """Read ``NAME[:best|last|min|max]``; ``best`` where nothing is said.

    Raises UsageError for an unknown name or statistic, and for a statistic of what has one value.
    """
    name, mark, statistic = text.strip().replace("-", "_").partition(":")
    if name not in METRICS:
        raise unknown_choice("metric", name, METRICS)
    if name not in CURVE_METRICS:
        if mark:
            raise UsageError(
                f"metric '{text}': {name} has one value a run, and no statistic: write {name}"
            )
        return Metric(name, None)
    if mark and statistic not in STATISTICS:
        raise unknown_choice("statistic", statistic, STATISTICS)
    return Metric(name, statistic or "best")


def usual_metric(measured: frozenset[str] | set[str]) -> Metric:
    """Return what a report shows where nothing is said, of the metrics that some run has.

    The accuracy or root mean square error on rows that were not trained on, else the loss there,
    else the loss in training.
    """
    wanted = ("val_accuracy", "val_rmse", "val_loss", "train_accuracy", "train_rmse")
    return read_metric(next((name for name in wanted if name in measured), "train_loss"))
