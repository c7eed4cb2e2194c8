"""An experiment's fields, asked for before it is shown, and before anything of it is trained."""

from __future__ import annotations

from nncli.errors import UsageError
from nncli.experimenting.catalogue import Experiment
from nncli.sweeps.request import Request


def checked(experiment: Experiment, *, quick: bool = False) -> Request:
    """Return the sweep of an experiment whose curves and claims are over fields that there are.

    Raises UsageError for others.
    """
    from nncli.judging import check_about

    request = experiment.request(quick=quick)
    if experiment.has_quick and not quick:
        experiment.request(quick=True)  # what is wrong in [quick] is said before anything is run
    try:
        check_about(experiment.about)
    except UsageError as error:
        raise UsageError(f"in {experiment.place}: {error}") from None
    return request
