"""值班台 and the page of one alert: what is open, and the steps that staff take."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from hub.console.console import Acting, Console, Here, Seeing
from hub.console.language import mark as _
from hub.console.streams import EventStream
from hub.domain.alerts import Alert, Purpose, State, can_take_back
from hub.domain.errors import Invalid, NotFound
from hub.services.ports import Tx
from hub.services.views import AlertDetail, PersonView, alert_view, people_view

DESK, ALERT = ("queue", "lately"), ("alert",)
DIALOGS = ("accept", "arrive", "close", "note")


router = APIRouter()


async def found(console: Console, alert_id: str) -> AlertDetail:
    """The alert now. Raises NotFound."""
    return await console.services.database.read(lambda tx: alert_view(tx, alert_id, console.services.clock.now_ms()))


@router.get("/desk")
async def show_desk(console: Here, request: Request, visitor: Seeing) -> HTMLResponse:
    return await console.page(request, visitor, "desk", DESK, live="/live/desk")


@router.get("/live/desk")
async def follow_desk(console: Here, visitor: Seeing) -> EventStream:
    return console.stream(visitor, DESK)


@router.post("/desk/watched")
async def watched(console: Here, visitor: Acting) -> Response:
    """This desk is live and its sound is on; to be said every few seconds."""
    console.services.desk_watch.seen()
    return Response(status_code=204)


@router.get("/alerts/{alert_id}")
async def show_alert(console: Here, request: Request, visitor: Seeing, alert_id: str) -> HTMLResponse:
    alert = await found(console, alert_id)
    return await console.page(
        request,
        visitor,
        "alert",
        ALERT,
        live=f"/live/alerts/{alert_id}",
        about=alert_id,
        context={"where": alert.home_name or alert.place_name},
    )


@router.get("/live/alerts/{alert_id}")
async def follow_alert(console: Here, visitor: Seeing, alert_id: str) -> EventStream:
    await found(console, alert_id)
    return console.stream(visitor, ALERT, alert_id)


@router.get("/alerts/{alert_id}/{step}")
async def ask(console: Here, visitor: Acting, alert_id: str, step: str) -> HTMLResponse:
    """The dialog of a step."""
    if step not in DIALOGS:
        raise NotFound(what="page", id=step)

    def job(tx: Tx) -> tuple[AlertDetail, list[PersonView]]:
        now_ms = console.services.clock.now_ms()
        return alert_view(tx, alert_id, now_ms), people_view(tx, now_ms) if step == "accept" else []

    alert, people = await console.services.database.read(job)
    context = {
        "alert": alert,
        "where": alert.home_name or alert.place_name,
        "acceptor": alert.acceptor.name if alert.acceptor else "",
        "candidates": candidates(alert, people),
        "key": console.new_key(),
    }
    return console.pages.html(f"dialogs/{step}.html", visitor.taste.language, context)


@router.post("/alerts/{alert_id}/accept")
async def accept(
    console: Here,
    visitor: Acting,
    alert_id: str,
    by: Annotated[str, Form()] = "",
    eta_minutes: Annotated[int, Form()] = 0,
) -> Response:
    if not by:
        raise Invalid("close_needs_person")
    alert = await console.services.alerts.accept(alert_id, by, eta_minutes, visitor.person_id)
    undo = undoing(console, alert, State.ACCEPTED, by)
    return console.acted(visitor.taste.language, _("已接单 ✓"), undo=undo)


@router.post("/alerts/{alert_id}/arrive")
async def arrive(console: Here, visitor: Acting, alert_id: str) -> Response:
    expected = (await found(console, alert_id)).acceptor
    by = expected.id if expected else visitor.person_id
    alert = await console.services.alerts.arrive(alert_id, by)
    undo = undoing(console, alert, State.ARRIVED, by)
    return console.acted(visitor.taste.language, _("已记下：人到了 ✓"), undo=undo)


@router.post("/alerts/{alert_id}/close")
async def close(
    console: Here,
    visitor: Acting,
    alert_id: str,
    outcome: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    alert = await console.services.alerts.close(alert_id, visitor.person_id, outcome, seen, reason)
    undo = undoing(console, alert, State.CLOSED, visitor.person_id)
    return console.acted(visitor.taste.language, _("已结束 ✓"), undo=undo)


@router.post("/desk/undo")
async def undo(
    console: Here,
    visitor: Acting,
    alert_id: Annotated[str, Form()],
    made: Annotated[State, Form()],
    whose: Annotated[str, Form()],
) -> Response:
    """Takes back what somebody at this desk has just pressed."""
    await console.services.alerts.take_back(alert_id, visitor.person_id, made, whose)
    return console.acted(visitor.taste.language, _("已撤销 ✓"))


def undoing(console: Console, alert: Alert, made: State, whose: str) -> dict[str, str] | None:
    """The fields of `undo` for the step of `whose` that made the alert this; None where it cannot be taken back."""
    if not can_take_back(alert, made, whose, console.services.clock.now_ms()):
        return None
    return {"alert_id": alert.id, "made": made.value, "whose": whose}


@router.post("/alerts/{alert_id}/reopen")
async def reopen(console: Here, visitor: Acting, alert_id: str) -> Response:
    await console.services.alerts.reopen(alert_id, visitor.person_id)
    return console.acted(visitor.taste.language, _("正在重新叫人 ✓"))


@router.post("/alerts/{alert_id}/note")
async def note(
    console: Here, visitor: Acting, alert_id: str, text: Annotated[str, Form()] = "", key: Annotated[str, Form()] = ""
) -> Response:
    async def write() -> str:
        return (await console.services.alerts.note(alert_id, visitor.person_id, text)).id

    await console.once.act(key, write)
    return console.acted(visitor.taste.language, _("已记下 ✓"))


def candidates(alert: AlertDetail, people: list[PersonView]) -> list[tuple[str, list[PersonView]]]:
    """Who may be accepted for and does not go yet: those asked, those on shift, the rest, by the name of a label."""
    going = {one.id for one in alert.going}
    people = [one for one in people if one.id not in going]
    asked = {one.person.id for one in alert.notifications if one.person and one.purpose is Purpose.ASK}
    groups = [
        ("asked", [one for one in people if one.id in asked]),
        ("on_shift", [one for one in people if one.id not in asked and one.is_on_shift]),
        ("others", [one for one in people if one.id not in asked and not one.is_on_shift]),
    ]
    return [(name, members) for name, members in groups if members]
