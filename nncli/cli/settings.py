"""From flags, a TOML file and a stored run to one spec that knows where each value came from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from nncli.errors import UsageError, did_you_mean
from nncli.options import default_of
from nncli.spec import Spec

#: What a TOML file may hold besides the options of a spec.
LABELS = ("name", "tag", "note", "db")


@dataclass(frozen=True)
class Settings:
    """A spec as it was asked for; ``origins`` says of each option that was set, who set it."""

    spec: Spec
    origins: Mapping[str, str]


def read_config(path: str) -> dict[str, Any]:
    """Return the options in a TOML file, dashes or underscores in their names.

    Raises UsageError for a file that is missing or no TOML, and for a name that is no option.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"--config {path} cannot be read ({error.strerror}): expected a TOML file with options "
            "such as hidden = [64, 32]"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--config {path} is not TOML: {error}; expected lines such as act = 'relu'"
        ) from None
    known = [*(each.name for each in fields(Spec)), *LABELS]
    found = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in known:
            kind = "table" if isinstance(value, dict) else "option"
            raise UsageError(
                f"unknown {kind} '{key}' in {path}{did_you_mean(name, known)}: expected options of "
                "nncli train, such as batch_size = 32"
            )
        found[name] = value
    return found


def labels_in(config: dict[str, Any], path: str) -> dict[str, Any]:
    """Take name, tags, note and database out of what a TOML file holds."""
    labels = {name: config.pop(name) for name in LABELS if name in config}
    tags = labels.get("tag", [])
    labels["tag"] = [tags] if isinstance(tags, str) else tags
    for name, value in labels.items():
        parts = value if name == "tag" and isinstance(value, list) else [value]
        if not all(isinstance(part, str) for part in parts):
            raise UsageError(f"{name} is {value!r} in {path}: expected a text in quotes")
    return labels


def combine(
    flags: Mapping[str, Any],
    *,
    config: Mapping[str, Any] | None = None,
    config_path: str = "",
    start: Spec | None = None,
    start_from: str = "",
) -> Settings:
    """Build the spec: flags beat the TOML file, it beats the stored run, that beats defaults."""
    given = {name: value for name, value in flags.items() if value is not None}
    file = dict(config or {})
    origins = dict.fromkeys(given, "command line")
    origins = dict.fromkeys(file, f"file {config_path}") | origins
    spec = start or Spec()
    kept = [each.name for each in fields(Spec) if getattr(spec, each.name) != default_of(each)]
    origins = dict.fromkeys(kept, f"run {start_from}") | origins
    spec = spec.changed(file, f"option in {config_path}").changed(given)
    return Settings(spec, origins)
