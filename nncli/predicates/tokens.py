"""A text of a condition as tokens, with errors that point to the place.

Names and words are letters, digits, ``_``, ``.`` and ``:``; in quotes, a quote is doubled.
"""

from __future__ import annotations

import re
from typing import NoReturn

from nncli.errors import UsageError

KEYWORDS = ("and", "or", "not", "in", "is")

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<word>[^\W\d][\w.:]*)
      | (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
      | (?P<sign><=|>=|==|!=|[=<>~+\-*/(),])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")
_PATTERN = re.compile(r"\s*(?P<pattern>[^\s()\"']+)")


class Tokens:
    """A place in a text, and the token that begins there.

    ``kind`` is ``number``, ``word``, ``text`` (in quotes), ``sign``, ``keyword`` or ``end``.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.kind = self.token = ""
        self.start = self.stop = 0
        self.advance()

    def advance(self) -> None:
        """Go to the next token."""
        found = _TOKEN.match(self.text, self.stop)
        if found is None:
            space = _SPACE.match(self.text, self.stop)
            assert space is not None
            self.start = space.end()
            self.token = self.text[self.start]
            if self.token in "\"'":
                self.fail(f"a closing {self.token}")
            self.fail("a name, a number, an operator or a text in quotes")
        self.kind = str(found.lastgroup)
        self.token = found[self.kind]
        self.start, self.stop = found.span(self.kind)
        if self.kind == "word" and self.token.lower() in KEYWORDS:
            self.kind, self.token = "keyword", self.token.lower()

    def pattern(self) -> str | None:
        """Go over a pattern without quotes that follows the token here, and return it."""
        found = _PATTERN.match(self.text, self.stop)
        if found is None:
            return None
        self.start, self.stop = found.span("pattern")
        self.advance()
        return found["pattern"]

    def at(self, *tokens: str) -> bool:
        """Return whether the token is one of these signs or keywords."""
        return self.kind in ("sign", "keyword") and self.token in tokens

    def take(self, *tokens: str) -> bool:
        """Go on if the token is one of these signs or keywords, and return whether it was."""
        found = self.at(*tokens)
        if found:
            self.advance()
        return found

    def need(self, token: str) -> None:
        """Go on over a sign or keyword that must be here."""
        if not self.take(token):
            self.fail(f"'{token}'")

    def fail(self, expected: str) -> NoReturn:
        """Raise the error for the token here."""
        got = "the end" if self.kind == "end" else f"'{self.token}'"
        before = self.text[: self.start].rstrip()
        shown = f"...{before[-30:]}" if len(before) > 30 else before
        raise UsageError(
            f"the condition cannot be read at character {self.start + 1}"
            + (f", after '{shown}'" if shown else "")
            + f": got {got}, expected {expected}; write conditions such as act=relu and lr<0.1, "
            'with quotes around texts such as "64,32"'
        )
