"""An experiment's fields, asked for before it is shown, and before anything of it is trained."""

from __future__ import annotations

from nncli.errors import UsageError
from nncli.experimenting.catalogue import Experiment
from nncli.sweeps.request import Request


def checked(experiment: Experiment, *, quick: bool = False) -> Request:
    """Return the sweep of an experiment whose curves and claims are over fields that there are.

    Raises UsageError for others.
    """
    from nncli.judging.checking import check_claims
    from nncli.store.finding import check_field

    request = experiment.request(quick=quick)
    try:
        for name in experiment.about.by:
            try:
                check_field(name)
            except UsageError as error:
                raise UsageError(f"by of [experiment]: {error}") from None
        check_claims(experiment.about.claims)
    except UsageError as error:
        raise UsageError(f"in {experiment.place}: {error}") from None
    return request
