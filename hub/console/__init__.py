"""The console: pages for people, in Chinese and English, live while they are open."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from hub.console import (
    broadcast,
    community_map,
    desk,
    devices,
    entrance,
    heard,
    ladders,
    microphone,
    mine,
    mistakes,
    my_rota,
    phone,
    quiet_hours,
    replay,
    rota,
    score,
)
from hub.console.console import Console
from hub.console.language import mark as _
from hub.console.live import Live
from hub.console.pages import STATIC, Pages
from hub.console.safety import Safety
from hub.console.visitor import taste
from hub.domain.errors import DongdongError, NotSignedIn
from hub.services.served import Services


class ConsoleApp(FastAPI):
    """The console as an application of its own."""

    def __init__(self, live: Live) -> None:
        super().__init__(openapi_url=None, docs_url=None, redoc_url=None)
        self._live = live

    def end_streams(self) -> None:
        """Ends the streams of all open pages; to be called before the web server stops, which else waits for them."""
        self._live.close()


def build_console(services: Services) -> ConsoleApp:
    """The pages, to be mounted at / behind the API; needs the browser assets of deploy/setup in static/vendor."""
    pages = Pages()
    live = Live(services, pages)
    console = Console(services, pages, live)
    app = ConsoleApp(live)
    app.state.console = console
    for noun in (
        entrance,
        replay,
        score,
        heard,
        desk,
        microphone,
        broadcast,
        community_map,
        devices,
        rota,
        ladders,
        quiet_hours,
        mine,
        my_rota,
        phone,
    ):
        app.include_router(noun.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(Safety)

    def answer(request: Request, status: int, heading: str, sentence: str) -> Response:
        """The sentence: alone beside the form that asked, or on a page of its own."""
        liked = taste(request)
        if "hx-request" in request.headers:
            return HTMLResponse(pages.text("mistake.html", liked.language, {"sentence": sentence}), status)
        context = {**console.frame(request, liked, None), "heading": heading, "sentence": sentence}
        return pages.html("trouble.html", liked.language, context, status)

    async def on_mistake(request: Request, error: Exception) -> Response:
        assert isinstance(error, DongdongError)
        liked = taste(request)
        is_page = request.method == "GET" and "hx-request" not in request.headers
        if isinstance(error, NotSignedIn) and is_page and not request.url.path.startswith("/v/"):
            return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
        heading = pages.sentence(liked.language, _("没有办成"))
        return answer(request, mistakes.status(error), heading, mistakes.sentence(error, liked.language))

    async def on_unreadable(request: Request, _error: Exception) -> Response:
        liked = taste(request)
        heading = pages.sentence(liked.language, _("没有办成"))
        return answer(request, 422, heading, pages.sentence(liked.language, _("填的内容看不懂，请检查以后再试。")))

    async def on_nowhere(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        liked = taste(request)
        heading = pages.sentence(liked.language, _("没有这个页面"))
        sentence = pages.sentence(liked.language, _("地址可能写错了，或者内容已经不在了。"))
        return answer(request, error.status_code, heading, sentence)

    app.add_exception_handler(DongdongError, on_mistake)
    app.add_exception_handler(RequestValidationError, on_unreadable)
    app.add_exception_handler(HTTPException, on_nowhere)
    return app
