"""What stands before the app: whoever is not a browser of this machine, reading, is refused.

Any web page may send requests to 127.0.0.1, and by a name that it controls and points there (DNS
rebinding) it could read the answers. Such a request still says in its ``Host`` which name it was
sent to.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Names of this machine as its own browser says them; a tunnel may change the port.
NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

#: For every answer that is not the page, which brings a policy of its own.
STRICT = "default-src 'none'; frame-ancestors 'none'"


class Guard:
    """ASGI middleware: GET from a name of this machine passes; every answer is made safe."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", STRICT)
            await send(message)

        refusal = refused(scope)
        await (refusal or self._app)(scope, receive, send_safely)


def refused(scope: Scope) -> PlainTextResponse | None:
    """Return the answer to a request that is refused, None for one that may pass."""
    hosts = Headers(scope=scope).getlist("host")
    if len(hosts) != 1 or host_name(hosts[0]) not in NAMES:
        return PlainTextResponse(
            "refused: this page is served to 127.0.0.1 and localhost alone\n", status_code=403
        )
    if scope["method"] != "GET":
        return PlainTextResponse(
            "refused: this page is read-only, and answers GET alone\n",
            status_code=405,
            headers={"Allow": "GET"},
        )
    return None


def host_name(host: str) -> str:
    """Return a ``Host`` without its port, in lower case."""
    name, colon, port = host.rpartition(":")
    is_port = bool(colon) and port.isdecimal() and (not name.count(":") or name.endswith("]"))
    return (name if is_port else host).lower()
