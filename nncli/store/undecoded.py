"""Texts with bytes that are not UTF-8, which a shell passes on and no database takes."""

from __future__ import annotations

from nncli.errors import UsageError

SHOWN = 200
"""Characters of such a text that the error shows."""


def check_decoded(what: str, text: str) -> None:
    """Raise UsageError for a text with bytes that could not be decoded.

    Python keeps them as surrogates, which have no place in a text otherwise.
    """
    if text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return
    shown = text[:SHOWN].encode("utf-8", "backslashreplace").decode()
    more = "..." if len(text) > SHOWN else ""
    raise UsageError(f"{what} has bytes that are not UTF-8: {shown}{more}; expected text in UTF-8")
