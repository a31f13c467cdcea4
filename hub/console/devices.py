"""设备: what is not proved comes first; a self-test is one click, and says what came of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sse_starlette import EventSourceResponse
from starlette.responses import HTMLResponse, Response

from hub.console.console import Console
from hub.console.language import mark as _
from hub.console.visitor import Visitor

DEVICES = ("devices",)


def routes(console: Console) -> APIRouter:
    """The technicians' page and its commands."""
    router = APIRouter()
    Seeing = Annotated[Visitor, Depends(console.visitor)]  # noqa: N806  # a type
    Mending = Annotated[Visitor, Depends(console.mender)]  # noqa: N806

    @router.get("/devices")
    async def show_devices(request: Request, visitor: Seeing) -> HTMLResponse:
        return await console.page(request, visitor, "devices", DEVICES, live="/live/devices")

    @router.get("/live/devices")
    async def follow_devices(visitor: Seeing) -> EventSourceResponse:
        return console.stream(visitor, DEVICES)

    @router.post("/devices/{device_id}/self-test")
    async def test(visitor: Mending, device_id: str) -> Response:
        reply = await console.services.devices.command(device_id, "self_test")
        if reply.evidence is not None and reply.evidence.heard:
            return console.acted(
                visitor.taste.language, _("%(device)s 自检：喇叭响了，麦克风听到了 ✓"), device=device_id
            )
        if reply.is_ok:
            return console.acted(
                visitor.taste.language, _("%(device)s 自检：做了，但麦克风没有听到喇叭"), device=device_id
            )
        return console.acted(
            visitor.taste.language, _("%(device)s 自检没有成功：%(why)s"), device=device_id, why=reply.detail or ""
        )

    return router
