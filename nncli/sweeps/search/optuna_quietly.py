"""Optuna without its talk: it logs every trial, and warns that half of what is used is new.

The one place that imports it; whoever gets here has asked ``guides.require``.
"""

from __future__ import annotations

import warnings

import optuna
import optuna.exceptions


def quiet() -> None:
    """Silence Optuna's log below errors, and its warnings; said again, it changes nothing."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    # From Python 3.12 on, it names whoever called it as the place of a warning.
    callers = r"nncli\.sweep\.(optuna_guide|pruning)"
    warnings.filterwarnings("ignore", module=rf"(optuna\.|{callers})")


__all__ = ["optuna", "quiet"]
