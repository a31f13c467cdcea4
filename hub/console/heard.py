"""报表：播出与听到. What was sent, played and heard, per announcement and building; to print and to download."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from hub.console.airing import stop
from hub.console.console import Console, Here, Seeing
from hub.console.csv_file import csv_file
from hub.console.labels import label
from hub.console.language import mark as _
from hub.console.reasons import told
from hub.console.streams import EventStream
from hub.console.visitor import Visitor
from hub.domain.errors import NotFound, NotPermitted
from hub.domain.people import Role
from hub.services.ports import Tx
from hub.services.views import AnnouncementDetail, announcement_view, checked_days, heard_ids
from hub.services.views.heard import is_sent

SPANS = (1, 7, 30)
HEARD = ("heard",)
HEAD = (
    *(_("时间"), _("通知"), _("哪一种"), _("真的还是演习"), _("楼栋"), _("设备"), _("发出"), _("播完"), _("听到")),
    *(_("结果"), _("声音"), _("设备的话"), _("接下来")),
)

router = APIRouter()
Days = Annotated[int, Query()]


@router.get("/heard")
async def show_heard(console: Here, request: Request, visitor: Seeing, days: Days = 7) -> HTMLResponse:
    _permit(visitor)
    context = {"days": days, "spans": SPANS}
    return await console.page(
        request, visitor, "heard", HEARD, live=f"/live/heard?days={days}", about=str(days), context=context
    )


@router.get("/live/heard")
async def follow_heard(console: Here, visitor: Seeing, days: Days = 7) -> EventStream:
    _permit(visitor)
    return console.stream(visitor, HEARD, str(checked_days(days)))


@router.get("/heard.csv")
async def download(console: Here, visitor: Seeing, days: Days = 7) -> Response:
    """A row for each announcement and building."""
    _permit(visitor)
    now_ms = console.services.clock.now_ms()
    ids = await console.services.database.read(lambda tx: heard_ids(tx, now_ms, days))
    return await _file(console, visitor, f"heard-{days}-days.csv", ids)


@router.get("/broadcast/{announcement_id}/heard.csv")
async def download_one(console: Here, visitor: Seeing, announcement_id: str) -> Response:
    """A row for each building."""
    _permit(visitor)
    if await console.services.database.read(lambda tx: tx.announcements.get(announcement_id)) is None:
        raise NotFound(what="announcement", id=announcement_id)
    return await _file(console, visitor, f"heard-{announcement_id}.csv", [announcement_id])


async def _file(console: Console, visitor: Visitor, name: str, ids: Sequence[str]) -> Response:
    """One announcement is read at a time: a year of them at ten thousand devices fits no memory."""
    zone, language = ZoneInfo((await console.community()).timezone), visitor.taste.language

    def word(group: str, value: str) -> str:
        return console.pages.sentence(language, label(group, value)) if value else ""

    def rows(one: AnnouncementDetail) -> Iterator[Sequence[object]]:
        at = datetime.fromtimestamp(one.play_at_ms / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        for part in one.buildings:
            here = stop(part)
            yield (
                *(at, one.title, word("kind", one.kind), word("status", one.status)),
                *(part.place_name, part.device or ""),
                *(int(is_sent(part)), int(part.ear is not None), int(part.heard)),
                *(word("reached", here.state), word("finding", here.finding)),
                told(part.reason, language),
                word("next", here.next),
            )

    def read(tx: Tx, announcement_id: str) -> list[Sequence[object]]:
        return list(rows(announcement_view(tx, announcement_id, console.services.clock.now_ms())))

    async def pieces() -> AsyncIterator[list[Sequence[object]]]:
        for one in ids:
            yield await console.services.database.read(partial(read, announcement_id=one))

    return csv_file(name, [console.pages.sentence(language, text) for text in HEAD], pieces())


def _permit(visitor: Visitor) -> None:
    if visitor.role is Role.VOLUNTEER:
        raise NotPermitted(role=visitor.role.value)
