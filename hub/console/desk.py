"""值班台 and the page of one alert: what is open, and the steps that staff take."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sse_starlette import EventSourceResponse
from starlette.responses import HTMLResponse, Response

from hub.console.console import Console
from hub.console.language import mark as _
from hub.console.visitor import Visitor
from hub.domain.errors import Invalid, NotFound
from hub.services.ports import Tx
from hub.services.views import AlertDetail, PersonView, alert_view, people_view

DESK, ALERT = ("queue", "lately"), ("alert",)
DIALOGS = ("accept", "arrive", "close", "note", "reopen")


def routes(console: Console) -> APIRouter:
    """The desk's pages, dialogs and steps."""
    router = APIRouter()
    desk, database, clock = console.services.alerts, console.services.database, console.services.clock
    Seeing = Annotated[Visitor, Depends(console.visitor)]  # noqa: N806  # a type
    Acting = Annotated[Visitor, Depends(console.actor)]  # noqa: N806

    async def found(alert_id: str) -> AlertDetail:
        return await database.read(lambda tx: alert_view(tx, alert_id, clock.now_ms()))

    @router.get("/desk")
    async def show_desk(request: Request, visitor: Seeing) -> HTMLResponse:
        return await console.page(request, visitor, "desk", DESK, live="/live/desk")

    @router.get("/live/desk")
    async def follow_desk(visitor: Seeing) -> EventSourceResponse:
        return console.stream(visitor, DESK)

    @router.get("/alerts/{alert_id}")
    async def show_alert(request: Request, visitor: Seeing, alert_id: str) -> HTMLResponse:
        alert = await found(alert_id)
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
    async def follow_alert(visitor: Seeing, alert_id: str) -> EventSourceResponse:
        await found(alert_id)
        return console.stream(visitor, ALERT, alert_id)

    @router.get("/alerts/{alert_id}/{step}")
    async def ask(visitor: Acting, alert_id: str, step: str) -> HTMLResponse:
        """The dialog of a step."""
        if step not in DIALOGS:
            raise NotFound(what="page", id=step)

        def job(tx: Tx) -> tuple[AlertDetail, list[PersonView]]:
            now_ms = clock.now_ms()
            return alert_view(tx, alert_id, now_ms), people_view(tx, now_ms) if step == "accept" else []

        alert, people = await database.read(job)
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
        visitor: Acting, alert_id: str, by: Annotated[str, Form()] = "", eta_minutes: Annotated[int, Form()] = 0
    ) -> Response:
        if not by:
            raise Invalid("close_needs_person")
        await desk.accept(alert_id, by, eta_minutes)
        return console.acted(visitor.taste.language, _("已接单 ✓"))

    @router.post("/alerts/{alert_id}/arrive")
    async def arrive(visitor: Acting, alert_id: str) -> Response:
        alert = await found(alert_id)
        await desk.arrive(alert_id, alert.acceptor.id if alert.acceptor else visitor.person_id)
        return console.acted(visitor.taste.language, _("已记下：人到了 ✓"))

    @router.post("/alerts/{alert_id}/close")
    async def close(
        visitor: Acting,
        alert_id: str,
        outcome: Annotated[str, Form()] = "",
        seen: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
    ) -> Response:
        await desk.close(alert_id, visitor.person_id, outcome, seen, reason)
        return console.acted(visitor.taste.language, _("已结束 ✓"))

    @router.post("/alerts/{alert_id}/reopen")
    async def reopen(visitor: Acting, alert_id: str) -> Response:
        await desk.reopen(alert_id, visitor.person_id)
        return console.acted(visitor.taste.language, _("正在重新叫人 ✓"))

    @router.post("/alerts/{alert_id}/note")
    async def note(
        visitor: Acting, alert_id: str, text: Annotated[str, Form()] = "", key: Annotated[str, Form()] = ""
    ) -> Response:
        async def write() -> str:
            return (await desk.note(alert_id, visitor.person_id, text)).id

        await console.once.act(key, write)
        return console.acted(visitor.taste.language, _("已记下 ✓"))

    return router


def candidates(alert: AlertDetail, people: list[PersonView]) -> list[tuple[str, list[PersonView]]]:
    """Who may be accepted for: those asked, those on shift, the rest; groups by the name of a label."""
    asked = {one.person.id for one in alert.notifications if one.person}
    groups = [
        ("asked", [one for one in people if one.id in asked]),
        ("on_shift", [one for one in people if one.id not in asked and one.is_on_shift]),
        ("others", [one for one in people if one.id not in asked and not one.is_on_shift]),
    ]
    return [(name, members) for name, members in groups if members]
