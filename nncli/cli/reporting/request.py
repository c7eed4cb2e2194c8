"""What ``nncli report`` is asked for: options read, and refused where they do not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from nncli.errors import UsageError, unknown_choice
from nncli.options import flag_of, whole
from nncli.report.formats import FORMATS, SINGLE, form_of

#: Runs that are listed for people where no number is given.
LISTED = 20

#: Runs whose curves are drawn where no number is given.
DRAWN = 8

#: Views of one run, of its network on its data.
OF_ONE_RUN = ("boundary", "confusion", "predicted")

#: Views that draw a picture of the runs that were found.
PICTURES = ("curves", "heat", "parallel", "layers", *OF_ONE_RUN)

#: Views that compute, and what each shows. Of several the first alone would be seen.
COMPUTED = ("target", "profile", "sensitivity")

#: Options that choose or group runs: claims say themselves which of a sweep's runs they are of.
CHOOSING = ("where", "since", "status", "sort", "limit", "best", "columns")

#: What refines another option, and the options of which one must be given.
REFINES = {
    "vs": ("by",),
    "profile": ("target",),
    "plot": ("by", "sensitivity", *(name for name in PICTURES if name != "parallel")),
    "x": ("curves", "profile"),
    "log_x": ("curves",),
    "log_y": ("curves",),
    "smooth": ("curves",),
}

#: What does not go with what, and why.
EXCLUDES = {
    ("best", "sort"): "the best come first",
    ("best", "limit"): "both say how many runs",
    ("format", "as_json"): "--json is --format json",
    ("html", "output"): "--html names its own file",
    ("html", "format"): "a page is HTML",
    ("plot", "format"): "a figure's format is its file's ending",
    ("plot", "output"): "--plot names its own file",
    ("columns", "by"): "groups have columns of their own; choose runs with --where",
    ("columns", "html"): "a page has all columns",
    **{("claims", name): "a claim says itself which runs of its sweep it is of" for name in (
        *CHOOSING, "metric", "diff",
    )},
    **{("claims", name): "what they rest on is a table" for name in ("plot", "follow")},
    **{("follow", name): "the live table is of runs, in a terminal" for name in (
        *("by", "vs", "best", "sort", "target", "sensitivity", "profile", *PICTURES),
        *("html", "plot", "output"),
    )},
    **{("diff", name): "two runs are compared as they are" for name in (
        *("where", "since", "status", "sort", "limit", "best", "columns", "metric", "by"),
        *("vs", "target", "sensitivity", "profile", *PICTURES, "html", "plot", "follow"),
    )},
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """The options of one report, checked; names are those of the command's parameters."""

    runs: tuple[str, ...] = ()
    where: str | None = None
    since: str | None = None
    status: tuple[str, ...] = ()
    sort: str | None = None
    limit: int | None = None
    every: bool = False
    best: int | None = None
    columns: tuple[str, ...] = ()
    metric: str | None = None
    by: tuple[str, ...] = ()
    vs: Mapping[str, str] | Literal["best"] | None = None
    diff: tuple[str, str] | None = None
    claims: bool = False
    of_sweeps: tuple[int, ...] = ()
    target: str | None = None
    profile: bool = False
    sensitivity: bool = False
    curves: bool = False
    heat: tuple[str, str] | None = None
    parallel: bool = False
    layers: bool = False
    boundary: bool = False
    confusion: bool = False
    predicted: bool = False
    x: str | None = None
    log_x: bool = False
    log_y: bool = False
    smooth: float = 0.0
    html: str | None = None
    plot: str | None = None
    form: str = "table"
    output: str | None = None
    follow: bool = False
    database: str = ""

    @property
    def of_all(self) -> Request:
        """Return the request for all runs that are selected, whatever is shown of them."""
        return replace(self, best=None, sort=None, limit=None, every=True)

    @property
    def views(self) -> tuple[str, ...]:
        """Return the views that were asked for, in the order in which they are shown."""
        names = ("claims", "diff", *COMPUTED, *PICTURES)
        found = [name for name in names if getattr(self, name)]
        if self.profile:
            found.remove("target")
        compared = ["comparison"] if self.vs is not None else ["groups"] if self.by else []
        return (*(compared if self.html or not found else ()), *found)

    @property
    def asks_for_detail(self) -> bool:
        """Say whether nothing is said but which run, and perhaps that JSON is wanted."""
        plain = Request(runs=self.runs, form=self.form, output=self.output, database=self.database)
        return self == plain and len(self.runs) == 1 and self.form in ("table", "json")


def read_request(given: Mapping[str, Any], database: str) -> Request:
    """Read the options of the command; those that were not given are None, False or empty.

    Raises UsageError for a value that is none, and for options that do not go together.
    """
    asked = {name: value for name, value in given.items() if value not in (None, False, (), [])}
    _check_together(asked)
    values: dict[str, Any] = {"database": database}
    values |= {
        name: asked[name]
        for name in ("where", "since", "metric", "target", "html", "plot", "output")
        if name in asked
    }
    flags = ("claims", "profile", "sensitivity", "log_x", "log_y", "follow", *PICTURES)
    values |= {name: True for name in flags if asked.get(name) is True}
    values["runs"] = tuple(asked.get("runs", ()))
    values["status"] = tuple(each for text in asked.get("status", ()) for each in _names(text))
    for name in ("columns", "by"):
        values[name] = tuple(_names(asked.get(name, "")))
        if name in asked and not values[name]:
            raise UsageError(f"{_flag(name)} names no field: expected some, such as act,opt")
    if "sort" in asked:
        values["sort"] = asked["sort"]
    if "limit" in asked:
        values["every"] = asked["limit"] == "all"
        values["limit"] = None if values["every"] else _whole("limit", asked["limit"], " or all")
    if "best" in asked:
        values["best"] = _whole("best", asked["best"])
    if "vs" in asked:
        values["vs"] = _reference(asked["vs"])
        values["by"] = values["by"] or tuple(values["vs"])
    if "diff" in asked:
        values["diff"] = tuple(asked["diff"])
    if "heat" in asked:
        values["heat"] = _pair(asked["heat"])
    if "x" in asked:
        if asked["x"] not in ("epoch", "updates", "seconds"):
            raise unknown_choice("axis", asked["x"], ("epoch", "updates", "seconds"))
        values["x"] = asked["x"]
    if "smooth" in asked:
        values["smooth"] = _share("smooth", asked["smooth"])
    form = "json" if "as_json" in asked else asked.get("format")
    values["form"] = form_of(form, asked.get("output"))
    request = Request(**values)
    _check_views(request)
    return request


def _check_together(asked: Mapping[str, Any]) -> None:
    if "vs" in asked and "html" not in asked:  # a page has room for all
        for name in (*COMPUTED, *PICTURES):
            if name in asked:
                raise UsageError(
                    f"--vs with {_flag(name)}: a comparison is a table of its own; leave one of "
                    "them out, or ask for both on one page with --html FILE"
                )
    if "claims" in asked and "html" not in asked:
        for name in ("by", "vs", *COMPUTED, *PICTURES):
            if name in asked:
                raise UsageError(
                    f"--claims with {_flag(name)}: verdicts are a table of their own; leave one of "
                    "them out, or ask for both on one page with --html FILE"
                )
    if "sort" in asked and "html" not in asked:  # a page lists the runs or groups as well
        for name in COMPUTED:
            if name in asked:
                raise UsageError(
                    f"--sort with {_flag(name)}: it has an order of its own, as --target has the "
                    "soonest first; leave one of them out"
                )
    for (one, other), why in EXCLUDES.items():
        if one in asked and other in asked:
            raise UsageError(f"{_flag(one)} with {_flag(other)}: {why}; leave one of them out")
    if "diff" in asked and "runs" in asked:
        raise UsageError("--diff with RUN: it takes its two runs itself, as in: --diff 3 last")
    for name, others in REFINES.items():
        if name in asked and not any(other in asked for other in others):
            if name == "vs" and asked[name] != "best":
                continue  # what it names are the groups
            means = " or ".join(map(_flag, others))
            raise UsageError(f"{_flag(name)} means nothing without {means}: add it")


def _check_views(request: Request) -> None:
    views, form = request.views, request.form
    if form in SINGLE and len(views) > 1:
        named = " and ".join(map(_flag, views))
        raise UsageError(
            f"--format {form} holds one table, and {named} make {len(views)}: ask for one of "
            "them, or for --format json"
        )
    if request.plot and len(views) > 1:
        named = " and ".join(map(_flag, views))
        raise UsageError(f"--plot draws one picture, and {named} are {len(views)}: ask for one")
    if request.follow and form not in ("table", "jsonl"):
        raise UsageError(
            f"--follow with --format {form}: expected table or jsonl, since it never ends"
        )


def _flag(name: str) -> str:
    shown = {"as_json": "--json", "comparison": "--vs", "groups": "--by"}
    return shown.get(name, flag_of(name))


def _names(text: str) -> Iterator[str]:
    """Yield the fields or words of a list with commas; options may be written with dashes."""
    for part in text.split(","):
        if name := part.strip():
            yield name.removeprefix("--").replace("-", "_")


def _whole(name: str, text: str, more: str = "") -> int:
    try:
        return int(whole(1)(text))
    except ValueError as error:
        raise UsageError(f"{flag_of(name)} is {text!r}: {error}{more}") from None


def _share(name: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < 1:
        raise UsageError(
            f"{flag_of(name)} is {text!r}: expected a number from 0 up to, but not including, 1; "
            "0.6 is little, 0.95 much"
        )
    return found


def _pair(text: str) -> tuple[str, str]:
    names = tuple(_names(text))
    if len(names) != 2:
        raise UsageError(f"--heat is {text!r}: expected two fields, as in --heat lr,opt")
    return names[0], names[1]


def _reference(text: str) -> Mapping[str, str] | Literal["best"]:
    """Read ``best``, or the values of a group: ``act=relu,opt=adam``."""
    if text.strip() == "best":
        return "best"
    found: dict[str, str] = {}
    field = ""
    for part in text.split(","):
        name, mark, value = part.partition("=")
        if found and not mark:  # of a value with a comma, as in act=relu,tanh
            found[field] += f",{part.strip()}"
            continue
        field = next(_names(name), "")
        if not mark or not field or not value.strip():
            raise UsageError(
                f"--vs is {text!r}: expected best, or the group to compare with, as in "
                "--vs act=relu or --vs act=relu,opt=adam"
            )
        found[field] = value.strip()
    return found


__all__ = ["DRAWN", "FORMATS", "LISTED", "OF_ONE_RUN", "PICTURES", "Request", "read_request"]
