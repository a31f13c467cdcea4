"""广播台: compose an announcement, say how far it reaches before it is sent, follow it, stop it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.console import plan
from hub.console.console import Acting, Console, Here, Seeing
from hub.console.houses import houses as houses_of
from hub.console.instants import instant_from
from hub.console.language import mark as _
from hub.console.seen import Seen
from hub.console.streams import EventStream
from hub.domain.announcements import Kind, Status, checked
from hub.domain.devices import Link
from hub.domain.noise_budget import about_ms
from hub.domain.places import reached
from hub.domain.quiet_hours import LOUD_PRIORITY
from hub.services.planned import said
from hub.services.ports import Tx
from hub.services.quiet_hours import QuietTimes
from hub.services.views import AnnouncementDetail, announcement_view

DESK, ONE = ("on_air", "announcements"), ("announcement",)
URGENCIES = ("notice", "orange", "fire")
"""How urgent a voice may be: more would only delay the choice."""


router = APIRouter()


async def found(console: Console, announcement_id: str) -> AnnouncementDetail:
    """The announcement now. Raises NotFound."""
    now_ms = console.services.clock.now_ms()
    return await console.services.database.read(lambda tx: announcement_view(tx, announcement_id, now_ms))


def reach_of(
    tx: Tx,
    quiet: QuietTimes,
    places: Sequence[str],
    priority: int,
    now_ms: int,
    at_ms: int | None = None,
    *,
    long_ms: int = 1,
) -> dict[str, object]:
    """How far something of this priority and length for these places, at once or at `at_ms`, reaches. Raises Invalid
    for none and for an unknown one."""
    seen = Seen(tx, now_ms)
    known = {house.place: house for house in houses_of(seen).values()}
    slugs = reached(tx.places.places(), places)
    inside = {one.slug: one.parent for one in seen.places}
    devices = [d for d in seen.devices if {d.place, inside.get(d.place, "")} & set(slugs)]
    then_ms = now_ms if at_ms is None else at_ms
    return {
        "buildings": len(slugs),
        "devices": len(devices),
        "silent": sum(one.link is not Link.ONLINE for one in devices),
        "quiet": quiet.silenced(tx, places, priority, then_ms),
        "overdrawn": quiet.overdrawn(tx, places, priority, long_ms, then_ms),
        "is_everyone": len(slugs) == len(known),
    }


@router.get("/broadcast")
async def show_desk(console: Here, request: Request, visitor: Seeing) -> HTMLResponse:
    def job(tx: Tx) -> dict[str, object]:
        seen = Seen(tx, console.services.clock.now_ms())
        houses = houses_of(seen)
        return {
            "plan": plan.draw(seen.places),
            "houses": list(houses.values()),
            "branches": [(one, [houses[b.slug] for b in one.buildings]) for one in plan.tree(seen.places)],
        }

    places = await console.services.database.read(job)
    choices = {"kinds": [kind.value for kind in Kind], "statuses": [one.value for one in Status]}
    context = {**places, **choices, "urgencies": URGENCIES, "key": console.new_key()}
    return await console.page(request, visitor, "broadcast", DESK, live="/live/broadcast", context=context)


@router.get("/live/broadcast")
async def follow_desk(console: Here, visitor: Seeing) -> EventStream:
    return console.stream(visitor, DESK)


@router.post("/broadcast/check")
async def check(
    console: Here,
    visitor: Acting,
    text: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = Kind.ROUTINE.value,
    repeat: Annotated[int, Form()] = 1,
    when: Annotated[str, Form()] = "now",
    at: Annotated[str, Form()] = "",
    places: Annotated[list[str] | None, Form()] = None,
    key: Annotated[str, Form()] = "",
    status: Annotated[str, Form()] = Status.ACTUAL.value,
) -> HTMLResponse:
    """Says what would be played where, to be confirmed. Raises Invalid for what cannot be."""
    community = await console.community()
    play_at_ms = instant_from(at, community.timezone) if when == "later" else None
    wanted = checked(text, places or [], kind, repeat, play_at_ms, console.services.clock.now_ms(), status)

    quiet, now_ms = console.services.quiet, console.services.clock.now_ms()
    heard = said(wanted, community.language)

    def job(tx: Tx) -> dict[str, object]:
        long_ms = about_ms(heard, wanted.repeat)
        return reach_of(tx, quiet, wanted.places, wanted.priority, now_ms, wanted.play_at_ms, long_ms=long_ms)

    context = {
        **await console.services.database.read(job),
        "text": wanted.text,
        "said": heard,
        "status": wanted.status.value,
        "kind": wanted.kind.value,
        "repeat": wanted.repeat,
        "places": wanted.places,
        "play_at_ms": wanted.play_at_ms,
        "is_grave": wanted.priority >= LOUD_PRIORITY,
        "key": key,
        "zone": community.timezone,
        "now_ms": now_ms,
    }
    return console.pages.html("dialogs/announce.html", visitor.taste.language, context)


@router.post("/broadcast")
async def announce(
    console: Here,
    visitor: Acting,
    text: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    repeat: Annotated[int, Form()] = 1,
    play_at_ms: Annotated[int | None, Form()] = None,
    places: Annotated[list[str] | None, Form()] = None,
    key: Annotated[str, Form()] = "",
    status: Annotated[str, Form()] = Status.ACTUAL.value,
) -> Response:
    async def send() -> str:
        announcement = await console.services.announcements.announce(
            text=text,
            places=places or [],
            kind=kind,
            repeat=repeat,
            play_at_ms=play_at_ms,
            status=status,
            by=visitor.person_id,
        )
        return announcement.id

    announcement_id = await console.once.act(key, send)
    return Response(status_code=204, headers={"HX-Redirect": f"/broadcast/{announcement_id}"})


@router.post("/broadcast/stop")
async def stop_all(console: Here, request: Request, visitor: Acting) -> Response:
    await console.services.announcements.stop_all(visitor.person_id)
    if "hx-request" not in request.headers:
        return RedirectResponse("/broadcast", 303)
    return console.acted(visitor.taste.language, _("已要求停止 ✓"))


@router.get("/broadcast/{announcement_id}")
async def show_one(console: Here, request: Request, visitor: Seeing, announcement_id: str) -> HTMLResponse:
    one = await console.services.database.read(
        lambda tx: announcement_view(tx, announcement_id, console.services.clock.now_ms())
    )
    return await console.page(
        request,
        visitor,
        "announcement",
        ONE,
        live=f"/live/broadcast/{announcement_id}",
        about=announcement_id,
        context={"title": one.title},
    )


@router.get("/live/broadcast/{announcement_id}")
async def follow_one(console: Here, visitor: Seeing, announcement_id: str) -> EventStream:
    await console.services.database.read(
        lambda tx: announcement_view(tx, announcement_id, console.services.clock.now_ms())
    )
    return console.stream(visitor, ONE, announcement_id)


@router.post("/broadcast/{announcement_id}/confirm")
async def confirm(console: Here, visitor: Acting, announcement_id: str) -> Response:
    """The second person has it go out at once."""
    await console.services.announcements.confirm(announcement_id, visitor.person_id)
    return console.acted(visitor.taste.language, _("已经播出 ✓"))


@router.post("/broadcast/{announcement_id}/stop")
async def stop(console: Here, request: Request, visitor: Acting, announcement_id: str) -> Response:
    one = await console.services.announcements.stop(announcement_id, visitor.person_id)
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/broadcast/{announcement_id}", 303)
    return console.acted(visitor.taste.language, _("已要求停止 ✓") if one.is_out else _("已取消，没有播出 ✓"))
