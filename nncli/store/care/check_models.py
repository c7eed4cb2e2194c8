"""Checks of stored models: their arrays are readable safetensors, their descriptions JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from nncli.errors import StoreError
from nncli.store.care.checking import Check, Finding, found_among
from nncli.store.encoding import arrays_from_bytes
from nncli.store.schema import models, runs

KINDS = ("last", "best")


def find_unreadable_models(connection: Connection) -> Finding:
    """Find models that cannot be read, or are of an epoch that their run does not have."""
    return found_among(_wrong_models(connection))


def _wrong_models(connection: Connection) -> Iterator[str]:
    wanted = select(
        models.c.run_id,
        models.c.kind,
        models.c.epoch,
        runs.c.epochs,
        models.c.info,
        models.c.state_info,
        models.c.weights,
        models.c.state,
    ).join(runs, runs.c.id == models.c.run_id)
    # A model may be large: one is held at a time.
    options = {"stream_results": True, "yield_per": 1}
    for row in connection.execute(wanted, execution_options=options):
        run_id, kind, epoch, last, info, state_info, weights, state = row
        name = f"the model '{kind}' of run {run_id}"
        if kind not in KINDS:
            yield f"{name} is of an unknown kind"
        if not 0 <= epoch <= last:
            yield f"{name} is of epoch {epoch}, the run has {last}"
        for what, text in (("description", info), ("state's description", state_info)):
            if text is not None and not _is_object(text):
                yield f"the {what} of {name.removeprefix('the ')} cannot be read"
        for what, data in (("weights", weights), ("state", state)):
            if data is not None and (reason := _unreadable(data)):
                yield f"the {what} of {name.removeprefix('the ')} cannot be read: {reason}"


def _is_object(text: Any) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (TypeError, ValueError):
        return False


def _unreadable(data: Any) -> str:
    """Return why arrays cannot be read; nothing if they can."""
    try:
        arrays_from_bytes(bytes(data))
    except StoreError as error:
        return str(error.__cause__ or error)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        return str(error)
    return ""


CHECKS = (Check("models", "weights and states are readable safetensors", find_unreadable_models),)
