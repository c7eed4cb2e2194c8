"""The views of ``nncli report`` by name; each is loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from nncli.cli.reporting.request import Request
from nncli.cli.reporting.view import View

if TYPE_CHECKING:
    from nncli.store.finding import ReportStore

#: Every view with the module that makes it, as a function of the view's name.
MODULES = {
    "runs": "runs",
    "groups": "groups",
    "comparison": "groups",
    "diff": "groups",
    "claims": "claims",
    "target": "targets",
    "profile": "targets",
    "sensitivity": "targets",
    "curves": "curves",
    "heat": "pictures",
    "parallel": "pictures",
    "layers": "curves",
    "boundary": "networks",
    "confusion": "networks",
    "predicted": "networks",
}


def make_view(name: str, store: ReportStore, request: Request) -> View:
    """Return a view of the runs that are asked for."""
    module = import_module(f"nncli.cli.reporting.{MODULES[name]}")
    made = getattr(module, f"{name}_view")(store, request)
    assert isinstance(made, View)
    return made
