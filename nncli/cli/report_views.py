"""The views of ``nncli report`` by name; each is loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from nncli.cli.report_request import Request
from nncli.cli.report_view import View

if TYPE_CHECKING:
    from nncli.store.finding import ReportStore

#: Every view with the module that makes it, as a function of the view's name.
MODULES = {
    "runs": "report_runs",
    "groups": "report_groups",
    "comparison": "report_groups",
    "diff": "report_groups",
    "target": "report_targets",
    "profile": "report_targets",
    "sensitivity": "report_targets",
    "curves": "report_curves",
    "heat": "report_pictures",
    "parallel": "report_pictures",
    "layers": "report_curves",
    "boundary": "report_networks",
    "confusion": "report_networks",
    "predicted": "report_networks",
}


def make_view(name: str, store: ReportStore, request: Request) -> View:
    """Return a view of the runs that are asked for."""
    module = import_module(f"nncli.cli.{MODULES[name]}")
    made = getattr(module, f"{name}_view")(store, request)
    assert isinstance(made, View)
    return made
