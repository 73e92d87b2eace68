"""What stands before every request: whose name it came by, whose page asked, what it may load.

A page on this machine's loopback can be asked by any web page that the operator opens. A name
that somebody else controls may point here (DNS rebinding), so only known names and plain IP
addresses are served; and what another site's page asks for isn't answered at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """ASGI middleware.

    Args:
        names: host names that are served besides localhost and IP addresses.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = self._refuse(Headers(scope=scope))
        if refused is not None:
            await refused(scope, receive, send_guarded)
        elif scope["method"] == "HEAD" and scope["path"] not in ("/api/events", "/live"):
            # The server itself keeps a HEAD's body back.
            await self._app({**scope, "method": "GET"}, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)

    def _refuse(self, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        if not self.serves(host):
            why = "this name isn't served here; start it with --allow-host to add a name"
            return JSONResponse({"detail": why}, 421)
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        site = headers.get("sec-fetch-site", "none")
        inside = site in ("same-origin", "none") or headers.get("sec-fetch-mode") == "navigate"
        if foreign or not inside:
            return JSONResponse({"detail": "another site's page may not read this"}, 403)
        return None

    def serves(self, host: str) -> bool:
        """Whether a Host header names this server."""
        try:
            parts = urlsplit(f"//{host}")
            name, _port = parts.hostname, parts.port
        except ValueError:
            return False
        if not name or parts.netloc != host or parts.username is not None:
            return False
        try:
            ip_address(name)
        except ValueError:
            return name.rstrip(".") in self._names
        return True
