"""JSON inside an HTML page, and what keeps the page from reaching beyond itself."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

#: Inside ``<script>`` these would be read as markup: ``</script>``, ``<!--``, ``-->``.
_MARKUP = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def script_json(value: Any) -> str:
    """Return JSON that can stand in a script element, and is plain ASCII.

    So no text in it can end the element, and the line ends U+2028 and U+2029 are escaped too.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).translate(_MARKUP)


def policy(scripts: list[str], styles: list[str], *, connect: str = "'none'") -> str:
    """Return the Content-Security-Policy under which these inline texts alone may act.

    Nothing may be loaded from anywhere, nor sent; ``connect`` is where a live page may ask.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_digest, scripts))}",
            f"style-src {' '.join(map(_digest, styles))}",
            f"connect-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _digest(text: str) -> str:
    found = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(found).decode()}'"
