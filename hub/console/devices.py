"""设备: what is not proved comes first; a self-test is one click, and says what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from hub.console.console import Here, Mending, Seeing
from hub.console.labels import label
from hub.console.language import mark as _
from hub.console.streams import EventStream
from hub.domain.findings import Finding

DEVICES = ("devices",)


router = APIRouter()


@router.get("/devices")
async def show_devices(console: Here, request: Request, visitor: Seeing) -> HTMLResponse:
    return await console.page(request, visitor, "devices", DEVICES, live="/live/devices")


@router.get("/live/devices")
async def follow_devices(console: Here, visitor: Seeing) -> EventStream:
    return console.stream(visitor, DEVICES)


@router.post("/devices/{device_id}/self-test")
async def test(console: Here, visitor: Mending, device_id: str) -> Response:
    reply = await console.services.devices.command(device_id, "self_test")
    finding = reply.evidence.finding if reply.evidence is not None else None
    if finding is not None and finding.value != Finding.FINE:
        language = visitor.taste.language
        found = console.pages.sentence(language, label("finding", finding.value))
        todo = console.pages.sentence(language, label("next", finding.value))
        sentence = _("%(device)s 自检：%(found)s。%(todo)s")
        return console.acted(language, sentence, device=device_id, found=found, todo=todo)
    if reply.evidence is not None and reply.evidence.heard:
        return console.acted(visitor.taste.language, _("%(device)s 自检：喇叭响了，麦克风听到了 ✓"), device=device_id)
    if reply.is_ok:
        return console.acted(visitor.taste.language, _("%(device)s 自检：做了，但麦克风没有听到喇叭"), device=device_id)
    return console.acted(
        visitor.taste.language, _("%(device)s 自检没有成功：%(why)s"), device=device_id, why=reply.detail or ""
    )


@router.post("/devices/{device_id}/delay")
async def delay(
    console: Here, visitor: Mending, device_id: str, delay_ms: Annotated[float, Form()] = float("nan")
) -> Response:
    device = await console.services.devices.delay(device_id, delay_ms, visitor.person_id)
    return console.acted(
        visitor.taste.language, _("%(device)s 的延时是 %(ms)s 毫秒 ✓"), device=device_id, ms=f"{device.delay_ms:g}"
    )
