"""The options of ``nncli report``: what goes together, what is refused, and the help."""

from __future__ import annotations

from typing import Any

import pytest
from cli_fakes import Call

from nncli.cli.commands.report import EXAMPLES
from nncli.cli.reporting.request import Request, read_request
from nncli.errors import UsageError


def asked(**given: Any) -> Request:
    return read_request(given, "results.db")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"best": "3", "limit": "4"}, "--best with --limit: both say how many runs"),
        ({"best": "3", "sort": "lr"}, "--best with --sort"),
        ({"as_json": True, "format": "csv"}, "--format with --json: --json is --format json"),
        ({"diff": ("1", "2"), "where": "lr<1"}, "--diff with --where"),
        ({"diff": ("1", "2"), "runs": ["3"]}, "--diff with RUN"),
        ({"columns": "lr", "by": "act"}, "--columns with --by"),
        ({"follow": True, "by": "act"}, "--follow with --by"),
        ({"follow": True, "format": "csv"}, "--follow with --format csv"),
        ({"vs": "best"}, "--vs means nothing without --by"),
        ({"vs": "act=relu", "curves": True}, "--vs with --curves"),
        ({"vs": "relu", "by": "act"}, "--vs is 'relu': expected best, or the group"),
        ({"profile": True, "by": "opt"}, "--profile means nothing without --target"),
        ({"x": "epoch"}, "--x means nothing without --curves or --profile"),
        ({"x": "step", "curves": True}, "unknown axis 'step'"),
        ({"log_y": True}, "--log-y means nothing without --curves"),
        ({"smooth": "1", "curves": True}, "--smooth is '1': expected a number from 0 up to"),
        ({"smooth": "much", "curves": True}, "--smooth is 'much'"),
        ({"heat": "lr"}, "--heat is 'lr': expected two fields"),
        ({"limit": "none"}, "--limit is 'none': expected a whole number of at least 1 or all"),
        ({"best": "0"}, "--best is '0': expected a whole number of at least 1"),
        ({"format": "xls"}, "unknown format 'xls'"),
        ({"output": "a.xls"}, "--output a.xls: its ending says no format"),
        ({"plot": "a.png"}, "--plot means nothing without --by"),
        ({"plot": "a.png", "curves": True, "heat": "lr,opt"}, "--plot draws one picture"),
        ({"format": "csv", "curves": True, "heat": "lr,opt"}, "--format csv holds one table"),
        ({"html": "a.html", "format": "md"}, "--html with --format"),
    ],
)
def test_what_does_not_go_together(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(**given)
    assert str(caught.value).startswith(message)


def test_readings() -> None:
    assert asked(limit="all").every
    assert asked(by="act, batch-size").by == ("act", "batch_size")
    assert asked(status=["failed,early-stopped", "stale"]).status == (
        "failed",
        "early_stopped",
        "stale",
    )
    found = asked(vs="act=relu,tanh,opt=adam", by="act,opt")
    assert found.vs == {"act": "relu,tanh", "opt": "adam"}
    assert asked(vs="act=relu").by == ("act",)
    assert asked(output="a.tex").form == "latex"
    assert asked(output="a.tex", as_json=True).form == "json"


def test_views() -> None:
    assert asked().views == ()
    assert asked(by="act").views == ("groups",)
    assert asked(by="act", vs="best").views == ("comparison",)
    assert asked(by="act", curves=True, heat="lr,opt").views == ("curves", "heat")
    assert asked(by="act", target="val_loss<=1", profile=True).views == ("profile",)


def test_a_run_alone_is_asked_for_in_full() -> None:
    assert asked(runs=["12"]).asks_for_detail
    assert asked(runs=["12"], as_json=True).asks_for_detail
    assert not asked(runs=["12", "13"]).asks_for_detail
    assert not asked(runs=["12"], columns="lr").asks_for_detail
    assert not asked(runs=["12"], format="csv").asks_for_detail


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_help_fits(call: Call, columns: int) -> None:
    done = call("report", "--help", columns=columns)
    assert done.code == 0
    text, _, shown = done.out.partition("Examples:")
    assert max(map(len, text.splitlines())) <= min(columns, 100)
    assert shown.strip().splitlines()[0].strip() == "nncli report"
    for title in ("Which runs:", "Tables:", "Optimizers:", "Pictures:", "Output:"):
        assert title in text


def test_examples_can_be_copied_at_80_columns() -> None:
    assert max(map(len, EXAMPLES.splitlines())) <= 80
