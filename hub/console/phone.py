"""这部手机收到通知: a volunteer's phone takes Web Push: its service worker, its manifest, on, off, and a test."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import FileResponse, JSONResponse, Response

from hub.console.console import Console, Here
from hub.console.language import mark as _
from hub.console.mine import Holder
from hub.console.pages import STATIC, asset
from hub.domain.errors import Invalid
from hub.services.phones import Phones

router = APIRouter(prefix="/v/{secret}")
Subscription = Annotated[str, Form()]
"""What the browser's push service gave out, as JSON."""


@router.get("/worker.js")
async def worker(one: Holder) -> FileResponse:
    """Served beside the page, since a worker answers for the folder in which it lies."""
    return FileResponse(STATIC / "js" / "worker.js", media_type="text/javascript")


@router.get("/manifest.webmanifest")
async def manifest(console: Here, one: Holder) -> JSONResponse:
    """What makes the page installable; its address stays the person's own."""
    name = console.pages.sentence(one.language, _("我的值班"))
    body = {
        "name": f"{console.pages.sentence(one.language, _('栋栋响'))} · {name}",
        "short_name": name,
        "lang": one.language,
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#f4f6f8",
        "theme_color": "#0b57c2",
        "icons": [{"src": asset("mark.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return JSONResponse(body, media_type="application/manifest+json")


@router.post("/phone/on")
async def turn_on(console: Here, one: Holder, subscription: Subscription) -> Response:
    await _phones(console).subscribe(one.id, subscription)
    return Response(status_code=204)


@router.post("/phone/off")
async def turn_off(console: Here, one: Holder, subscription: Subscription) -> Response:
    await _phones(console).unsubscribe(one.id, subscription)
    return Response(status_code=204)


@router.post("/phone/try")
async def try_out(console: Here, one: Holder, subscription: Subscription) -> JSONResponse:
    """Says what was observed: that the maker's service took it, and no more."""
    await _phones(console).try_out(one, subscription)
    said = _("推送服务收下了，手机几秒内会响。没响，就说明这样通知不到您，请告诉社区。")
    return JSONResponse({"say": console.pages.sentence(one.language, said)})


def _phones(console: Console) -> Phones:
    """Raises Invalid where Web Push is not configured."""
    if console.services.phones is None:
        raise Invalid("bad_subscription")
    return console.services.phones
