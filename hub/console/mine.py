"""我的值班: a volunteer's page by personal link, for a phone: 我去, 去不了, 到了, 完成."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.console.console import Console, Here
from hub.console.language import mark as _
from hub.console.pages import time_of_day
from hub.console.parts import Key
from hub.console.streams import EventStream
from hub.console.visitor import Taste, taste
from hub.domain.alerts import By, Entry, Seen, State, allowed
from hub.domain.errors import Invalid, NotFound, NotSignedIn, StepNotAllowed
from hub.domain.people import Person
from hub.services.views import is_asked

LATE_MS = 60_000
"""A step that arrives so much later than it was made was kept by a phone without network; the journal says when."""
KEPT_MS = 24 * 3_600_000
"""A time that is older, or lies in the future, is not believed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A step that a phone may have kept until it had a network again; `made_ms` is when it was made, None if just now.

    `late` and `refused` are the journal's words for one that came late and was taken or not, with the time as `at`
    and the outcome as `outcome`; `key` names the sentence that says to the person that it was not.
    """

    made_ms: int | None
    late: str
    refused: str
    key: str
    outcome: str = ""


router = APIRouter(prefix="/v/{secret}")


async def person(console: Here, secret: str) -> Person:
    """Whose link it is. Raises NotSignedIn."""
    grant = await console.services.access.by_link(secret)
    people = await console.services.database.read(lambda tx: tx.people.people([grant.person_id or ""]))
    if grant.person_id not in people:
        raise NotSignedIn
    return people[grant.person_id]


Holder = Annotated[Person, Depends(person)]


async def asked(console: Here, alert_id: str, one: Holder) -> Person:
    """The person who answers, if they were asked about this alert; for others it is not there."""
    if not await console.services.database.read(lambda tx: is_asked(tx, alert_id, one.id)):
        raise NotFound(what="alert", id=alert_id)
    await console.services.reaching.answered(one.id)
    return one


Asked = Annotated[Person, Depends(asked)]


async def take(console: Console, alert_id: str, one: Person, kept: Kept, step: Callable[[], Awaitable[object]]) -> None:
    """Takes a step that a phone may have kept. The journal says when it was made, of a refused one as well.

    Raises what the step raises; for a kept one that came too late Invalid, which says what to do.
    """
    now_ms = console.services.clock.now_ms()
    is_kept = kept.made_ms is not None and 0 <= now_ms - kept.made_ms < KEPT_MS
    try:
        await step()
    except StepNotAllowed as refused:
        if not is_kept:
            raise
        at = await keep_time(console, alert_id, one, kept, kept.refused)
        raise Invalid(kept.key, at=at, state=refused.params["state"]) from refused
    if is_kept and now_ms - (kept.made_ms or 0) >= LATE_MS:
        await keep_time(console, alert_id, one, kept, kept.late)


async def keep_time(console: Console, alert_id: str, one: Person, kept: Kept, text: str) -> str:
    """Notes when a step was really made, once however often the phone sends it; gives that time."""
    community = await console.community()
    at = time_of_day(kept.made_ms or 0, community.timezone)
    said = console.pages.sentence(community.language, text, at=at, outcome=kept.outcome)
    journal = await console.services.database.read(lambda tx: tx.alerts.journal(alert_id))
    if not any(row.entry == Entry("note", one.id, {"text": said}) for row in journal):
        await console.services.alerts.note(alert_id, one.id, said)
    return at


@router.get("")
async def to_folder(request: Request) -> RedirectResponse:
    """Steps are addressed relative to the page, so that its secret stands in no cached part."""
    return RedirectResponse(f"{request.url.path}/", 308)


@router.get("/")
async def show(console: Here, request: Request, one: Holder) -> HTMLResponse:
    liked = taste(request, one.language)
    parts = await console.live.html(keys(one, liked))
    frame = console.frame(request, liked, await console.community())
    html = {name: Markup(text) for name, text in parts.items()}  # noqa: S704  # rendered by us, escaped there
    phones = console.services.phones
    context = {**frame, "person": one, "parts": html, "live": "live", "push_key": phones.public_key if phones else ""}
    return console.pages.html("mine.html", liked.language, context)


@router.get("/live")
async def follow(console: Here, request: Request, one: Holder) -> EventStream:
    return console.events(keys(one, taste(request, one.language)), one.id)


@router.post("/{alert_id}/accept")
async def accept(
    console: Here, request: Request, one: Asked, alert_id: str, eta_minutes: Annotated[int, Form()]
) -> Response:
    await console.services.alerts.accept(alert_id, one.id, eta_minutes)
    return thanks(console, request, one, _("已送达 ✓ 路上小心"))


@router.post("/{alert_id}/decline")
async def decline(console: Here, request: Request, one: Asked, alert_id: str) -> Response:
    await console.services.alerts.decline(alert_id, one.id)
    return thanks(console, request, one, _("已送达 ✓ 没关系，正在叫别人"))


@router.post("/{alert_id}/withdraw")
async def withdraw(console: Here, request: Request, one: Asked, alert_id: str) -> Response:
    alert = await console.services.alerts.withdraw(alert_id, one.id)
    said = _("已送达 ✓ 正在叫别人") if alert.is_asking else _("已送达 ✓ 您不用去了，去的人够了")
    return thanks(console, request, one, said)


@router.post("/{alert_id}/arrive")
async def arrive(
    console: Here, request: Request, one: Asked, alert_id: str, made_ms: Annotated[int | None, Form()] = None
) -> Response:
    kept = Kept(
        made_ms,
        _("手机没有网络：“到了”是 %(at)s 按的，现在才送到"),
        _("手机没有网络：“到了”是 %(at)s 按的，现在才送到，已经不能算到达"),
        "kept_arrival_refused",
    )
    await take(console, alert_id, one, kept, lambda: console.services.alerts.arrive(alert_id, one.id))
    return thanks(console, request, one, _("已送达 ✓ 正在告诉老人"))


@router.post("/{alert_id}/close")
async def close(
    console: Here,
    request: Request,
    one: Asked,
    alert_id: str,
    outcome: Annotated[str, Form()] = "",
    made_ms: Annotated[int | None, Form()] = None,
) -> Response:
    """Done by somebody at the door: only after an arrival. Raises StepNotAllowed before it."""

    async def step() -> None:
        alert = await console.services.database.read(lambda tx: tx.alerts.get(alert_id))
        if alert is not None and alert.state in (State.OPEN, State.ACCEPTED):
            raise StepNotAllowed(step=By.CLOSE.value, state=alert.state.value, allowed=allowed(alert.state))
        await console.services.alerts.close(alert_id, one.id, outcome, Seen.DOOR.value)

    kept = Kept(
        made_ms,
        _("手机没有网络：“完成”是 %(at)s 按的，现在才送到"),
        _("手机没有网络：“完成”（%(outcome)s）是 %(at)s 按的，现在才送到，已经不能算结束"),
        "kept_close_refused",
        outcome,
    )
    await take(console, alert_id, one, kept, step)
    return thanks(console, request, one, _("已送达 ✓ 谢谢您"))


def thanks(console: Console, request: Request, one: Person, text: str) -> Response:
    return console.acted(taste(request, one.language).language, text)


def keys(one: Person, liked: Taste) -> list[Key]:
    """What this person's page shows."""
    return [Key(part, one.id, liked.language, True) for part in ("mine", "my_duty")]
