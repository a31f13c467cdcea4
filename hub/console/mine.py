"""我的值班: a volunteer's page by personal link, for a phone: 我去, 去不了, 到了, 完成."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from sse_starlette import EventSourceResponse
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.console.console import Console
from hub.console.language import mark as _
from hub.console.pages import time_of_day
from hub.console.parts import Key
from hub.console.visitor import Taste, taste
from hub.domain.alerts import By, Seen, State, allowed
from hub.domain.errors import NotFound, NotSignedIn, StepNotAllowed
from hub.domain.people import Person
from hub.services.views import is_asked

LATE_MS = 60_000
"""A step that arrives so much later than it was made was kept by a phone without network; the journal says when."""


def routes(console: Console) -> APIRouter:
    """The volunteer's page; whoever holds the link is the person."""
    router = APIRouter(prefix="/v/{secret}")
    services, database = console.services, console.services.database

    async def person(secret: str) -> Person:
        grant = await services.access.by_link(secret)
        people = await database.read(lambda tx: tx.people.people([grant.person_id or ""]))
        if grant.person_id not in people:
            raise NotSignedIn
        return people[grant.person_id]

    async def asked(alert_id: str, one: Annotated[Person, Depends(person)]) -> Person:
        """The person, if they were asked about this alert; for others it is not there."""
        if not await database.read(lambda tx: is_asked(tx, alert_id, one.id)):
            raise NotFound(what="alert", id=alert_id)
        return one

    Holder = Annotated[Person, Depends(person)]  # noqa: N806  # a type
    Asked = Annotated[Person, Depends(asked)]  # noqa: N806

    async def keep_time(alert_id: str, one: Person, text: str, made_ms: int | None) -> None:
        now_ms = services.clock.now_ms()
        if made_ms is None or not 0 <= now_ms - made_ms - LATE_MS < 24 * 3_600_000:
            return
        community = await console.community()
        at = time_of_day(made_ms, community.timezone)
        said = console.pages.sentence(community.language, text, at=at)
        await services.alerts.note(alert_id, one.id, said)

    @router.get("")
    async def to_folder(request: Request) -> RedirectResponse:
        """Steps are addressed relative to the page, so that its secret stands in no cached part."""
        return RedirectResponse(f"{request.url.path}/", 308)

    @router.get("/")
    async def show(request: Request, one: Holder) -> HTMLResponse:
        liked = taste(request, one.language)
        parts = await console.live.html([key(one, liked)])
        frame = console.frame(request, liked, await console.community())
        html = {name: Markup(text) for name, text in parts.items()}  # noqa: S704  # rendered by us, escaped there
        context = {**frame, "person": one, "parts": html, "live": "live"}
        return console.pages.html("mine.html", liked.language, context)

    @router.get("/live")
    async def follow(request: Request, one: Holder) -> EventSourceResponse:
        return console.events([key(one, taste(request, one.language))], one.id)

    @router.post("/{alert_id}/accept")
    async def accept(request: Request, one: Asked, alert_id: str, eta_minutes: Annotated[int, Form()]) -> Response:
        await services.alerts.accept(alert_id, one.id, eta_minutes)
        return thanks(request, one, _("已送达 ✓ 路上小心"))

    @router.post("/{alert_id}/decline")
    async def decline(request: Request, one: Asked, alert_id: str) -> Response:
        await services.alerts.decline(alert_id, one.id)
        return thanks(request, one, _("已送达 ✓ 没关系，正在叫别人"))

    @router.post("/{alert_id}/withdraw")
    async def withdraw(request: Request, one: Asked, alert_id: str) -> Response:
        await services.alerts.withdraw(alert_id, one.id)
        return thanks(request, one, _("已送达 ✓ 正在叫别人"))

    @router.post("/{alert_id}/arrive")
    async def arrive(
        request: Request, one: Asked, alert_id: str, made_ms: Annotated[int | None, Form()] = None
    ) -> Response:
        await services.alerts.arrive(alert_id, one.id)
        await keep_time(alert_id, one, _("手机没有网络：“到了”是 %(at)s 按的，现在才送到"), made_ms)
        return thanks(request, one, _("已送达 ✓ 正在告诉老人"))

    @router.post("/{alert_id}/close")
    async def close(
        request: Request,
        one: Asked,
        alert_id: str,
        outcome: Annotated[str, Form()] = "",
        made_ms: Annotated[int | None, Form()] = None,
    ) -> Response:
        """Done by somebody at the door: only after an arrival. Raises StepNotAllowed before it."""
        alert = await database.read(lambda tx: tx.alerts.get(alert_id))
        if alert is None or alert.state is not State.ARRIVED:
            state = alert.state if alert else State.CLOSED
            raise StepNotAllowed(step=By.CLOSE.value, state=state.value, allowed=allowed(state))
        await services.alerts.close(alert_id, one.id, outcome, Seen.DOOR.value)
        await keep_time(alert_id, one, _("手机没有网络：“完成”是 %(at)s 按的，现在才送到"), made_ms)
        return thanks(request, one, _("已送达 ✓ 谢谢您"))

    def thanks(request: Request, one: Person, text: str) -> Response:
        return console.acted(taste(request, one.language).language, text)

    return router


def key(one: Person, liked: Taste) -> Key:
    """What this person's page shows."""
    return Key("mine", one.id, liked.language, True)
