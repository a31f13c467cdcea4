"""安静时段: when nothing but warnings sounds at a place, and how much a day; forms that work without any script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.console import mistakes
from hub.console.console import Acting, Console, Here, Seeing
from hub.console.pages import hhmm
from hub.console.streams import EventStream
from hub.console.visitor import Visitor
from hub.domain.errors import DongdongError, Invalid
from hub.domain.noise_budget import MOST_MINUTES, read_minutes
from hub.domain.places import Spans
from hub.domain.quiet_hours import OWN, is_all_day, read_spans

ROWS = 3
"""As many spans as the form offers at least; whoever needs more has them after the first ones are stored."""

router = APIRouter()


@router.get("/live/quiet-hours")
async def follow(console: Here, visitor: Seeing) -> EventStream:
    return console.stream(visitor, ())


@router.get("/quiet-hours")
async def show_quiet_hours(console: Here, request: Request, visitor: Seeing, place: str = "") -> HTMLResponse:
    everywhere = await console.services.quiet.all()
    spans = next((one.spans for one in everywhere if one.place.slug == place), console.services.quiet.default)
    rows = tuple((hhmm(begins), hhmm(ends)) for begins, ends in spans)
    own = next((one.budget_min for one in everywhere if one.place.slug == place and one.has_own_budget), "")
    return await _page(console, request, visitor, Draft(place, "hours" if spans else "never", rows, minutes=str(own)))


@router.post("/quiet-hours")
async def change(console: Here, request: Request, visitor: Acting) -> Response:
    draft = drafted(await request.form())
    try:
        if is_for_all_day(draft) and not draft.is_sure:
            raise Invalid("all_day_quiet")
        await console.services.quiet.put(draft.place, wanted(draft), visitor.person_id)
    except DongdongError as error:
        sentence = mistakes.sentence(error, visitor.taste.language)
        return await _page(console, request, visitor, draft, sentence, mistakes.status(error))
    return RedirectResponse(f"/quiet-hours?place={draft.place}#all-title", 303)


@router.post("/quiet-hours/budget")
async def change_budget(
    console: Here,
    request: Request,
    visitor: Acting,
    place: Annotated[str, Form()] = "",
    minutes: Annotated[str, Form()] = "",
) -> Response:
    draft = Draft(place, "hours", (), minutes=minutes)
    try:
        wished = read_minutes(minutes) if minutes.strip() else None
        await console.services.quiet.put_budget(place, wished, visitor.person_id)
    except DongdongError as error:
        sentence = mistakes.sentence(error, visitor.taste.language)
        return await _page(console, request, visitor, draft, budget_mistake=sentence, status=mistakes.status(error))
    return RedirectResponse(f"/quiet-hours?place={place}#all-title", 303)


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as it stands: `how` is hours, never or wider; `rows` are begins and ends as browsers write them;
    `is_sure`: they may be the whole day. `minutes` is the noise budget, empty for that of the wider place.
    """

    place: str
    how: str
    rows: tuple[tuple[str, str], ...]
    is_sure: bool = False
    minutes: str = ""


def drafted(form: FormData) -> Draft:
    """What somebody filled in; rows left empty do not count."""
    rows = zip(form.getlist("begins"), form.getlist("ends"), strict=False)
    filled = tuple((str(begins), str(ends)) for begins, ends in rows if begins or ends)
    return Draft(str(form.get("place", "")), str(form.get("how", "")), filled, "is_sure" in form)


def wanted(draft: Draft) -> Spans | None:
    """Some spans, none at all, or None for those of the wider place. Raises Invalid."""
    if draft.how == "wider":
        return None
    if draft.how == "never":
        return ()
    if not draft.rows:
        raise Invalid("empty_quiet_hours")
    return read_spans([f"{begins}-{ends}" for begins, ends in draft.rows])


def is_for_all_day(draft: Draft) -> bool:
    """Whether nothing but emergencies would ever be heard there; somebody has to say that this is meant."""
    try:
        return is_all_day(wanted(draft) or ())
    except Invalid:
        return False


async def _page(
    console: Console,
    request: Request,
    visitor: Visitor,
    draft: Draft,
    mistake: str = "",
    status: int = 200,
    *,
    budget_mistake: str = "",
) -> HTMLResponse:
    everywhere = await console.services.quiet.all()
    context = {
        "default": console.services.quiet.default,
        "default_budget_min": console.services.quiet.default_budget_min,
        "own": [one for one in everywhere if one.is_own or one.has_own_budget],
        "kinds": [(kind, [one.place for one in everywhere if one.place.kind is kind]) for kind in OWN],
        "draft": draft,
        "is_for_all_day": is_for_all_day(draft),
        "rows": [*draft.rows, *[("", "")] * max(1, ROWS - len(draft.rows))],
        "mistake": mistake,
        "budget_mistake": budget_mistake,
        "most_minutes": MOST_MINUTES,
    }
    answer = await console.page(request, visitor, "quiet_hours", (), live="/live/quiet-hours", context=context)
    answer.status_code = status
    return answer
