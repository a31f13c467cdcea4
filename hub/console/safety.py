"""What protects every page: headers on each answer, and no change asked for by another site."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.services.served import is_own_page

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a personal link must not reach another site
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}
MICROPHONE = "/broadcast"
MAY_LISTEN = "geolocation=(), camera=(), microphone=(self)"
"""Only the page on which people speak may ask for the microphone."""
READING = ("GET", "HEAD", "OPTIONS")
REFUSED = "这个操作不是从本系统的网页发出的。\nThis did not come from one of our pages.\n"
REFUSED = "这个操作不是从本系统的网页发出的。\nThis did not come from one of our pages.\n"
FOREVER = "public, max-age=31536000, immutable"


class Safety:
    """ASGI middleware around the console. A change that no page of ours asked for is refused with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_versioned = scope["path"].startswith("/static/") and scope["query_string"].startswith(b"v=")

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if scope["path"] == MICROPHONE:
                    headers["Permissions-Policy"] = MAY_LISTEN
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", FOREVER if is_versioned else "no-cache")
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in READING and not is_own_page(
            headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host")
        ):
            await PlainTextResponse(REFUSED, 403)(scope, receive, send_safely)
            return
        await self._app(scope, receive, send_safely)
