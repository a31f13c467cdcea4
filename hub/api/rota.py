"""The rota over JSON: who is on duty, and its changes, each with an id of the caller's so that it is done once."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from hub.api.bodies import Body, refusals
from hub.api.callers import Responder, Served, Staff
from hub.domain.errors import NotPermitted
from hub.domain.people import Duty, Role
from hub.domain.roster import LONGEST_PART, NOBODY, Absence, Extra, Shift, Swap
from hub.domain.wall_clock import day_of, minute_at
from hub.services.ports import Grant, Tx
from hub.services.rota_checks import day_from, minute_of
from hub.services.views import RotaView, rota_view

router = APIRouter(prefix="/rota", tags=["rota"])

PersonId = Annotated[str, Field(max_length=64, description="An id of /people.", examples=["wang-fang"])]
Place = Annotated[str, Field(max_length=64, description="A slug of /places.", examples=["grid-1"])]
Time = Annotated[str, Field(max_length=5, description="By the community's clock, 00:00 to 24:00.", examples=["08:00"])]
Day = Annotated[str, Field(max_length=10, description="The day on which the shift begins.", examples=["2026-01-31"])]
OnShift = Literal["desk", "volunteer"]
Part = Annotated[int, Field(ge=0, le=LONGEST_PART, description="Minutes from the midnight at which `day` begins.")]


class Hours(Body):
    """Who, where, as what, and from when to when; an end at or before the start lies on the next day."""

    person: PersonId
    place: Place
    duty: OnShift
    start: Time
    end: Time


class WeeklyShift(Hours):
    """A shift that repeats every week."""

    weekday: Annotated[int, Field(description="0 is Monday.", examples=[0])]


class SingleShift(Hours):
    """A shift on one day only."""

    day: Day


class Taking(Body):
    """Who takes which shift on which day, or a part of it; nobody cancels it."""

    shift: Annotated[str, Field(max_length=120)]
    day: Day
    person: Annotated[str | None, Field(max_length=64, description="Null: nobody, the shift does not take place.")]
    from_minute: Part = 0
    until_minute: Part = LONGEST_PART


class Away(Body):
    """Somebody is away and has no duty whatever."""

    person: PersonId
    from_ms: int
    until_ms: int


class Note(Body):
    """For whoever is at the post after the turn that ends at `ends_ms`."""

    place: Place
    duty: OnShift
    ends_ms: int
    text: Annotated[str, Field(max_length=2000, description="Empty: no note.", examples=["17栋电梯在修"])]


class Presence(Body):
    """我在 or 不在."""

    is_here: bool


_WRITE = refusals(404)


@router.get("", summary="Who is on duty, day by day", responses=refusals())
async def get_rota(
    services: Served,
    grant: Staff,
    from_: Annotated[str | None, Query(alias="from", description="The first day; today when left out.")] = None,
    days: Annotated[int, Query(ge=1, le=31)] = 7,
) -> RotaView:
    """Swaps and absences are weighed. `reach` is what is known now of those who are on duty now or soon."""
    now_ms = services.clock.now_ms()
    first = day_from(from_) if from_ else None

    def job(tx: Tx) -> RotaView:
        today = day_of(minute_at(now_ms, tx.rota.rota().timezone))
        return rota_view(tx, first or today, days, now_ms, services.reaching.of)

    return await services.database.read(job)


@router.put("/shifts/{entry_id}", status_code=204, summary="Add or change a weekly shift", responses=_WRITE)
async def put_shift(entry_id: str, body: WeeklyShift, services: Served, grant: Staff) -> None:
    """What was arranged for single days stays."""
    hours = minute_of(body.start), minute_of(body.end)
    shift = Shift(body.person, body.place, body.weekday, *hours, Duty(body.duty), entry_id)
    await services.rotas.put_shift(shift, actor(grant))


@router.delete("/shifts/{entry_id}", status_code=204, summary="Remove a weekly shift", responses=refusals())
async def drop_shift(entry_id: str, services: Served, grant: Staff) -> None:
    """With all that was arranged for single days of it."""
    await services.rotas.drop(Shift, entry_id, actor(grant))


@router.delete("/shifts/{entry_id}/days/{day}", status_code=204, summary="As every week again", responses=refusals())
async def restore(entry_id: str, day: str, services: Served, grant: Staff) -> None:
    """Takes back all swaps of this shift on this day."""
    await services.rotas.restore(entry_id, day_from(day), actor(grant))


@router.put("/extras/{entry_id}", status_code=204, summary="Add or change a shift on one day", responses=_WRITE)
async def put_extra(entry_id: str, body: SingleShift, services: Served, grant: Staff) -> None:
    """It holds beside the weekly ones."""
    hours = minute_of(body.start), minute_of(body.end)
    extra = Extra(entry_id, body.person, body.place, Duty(body.duty), day_from(body.day), *hours)
    await services.rotas.put_extra(extra, actor(grant))


@router.delete("/extras/{entry_id}", status_code=204, summary="Remove a shift on one day", responses=refusals())
async def drop_extra(entry_id: str, services: Served, grant: Staff) -> None:
    """One that is not there need not be removed."""
    await services.rotas.drop(Extra, entry_id, actor(grant))


@router.put("/swaps/{entry_id}", status_code=204, summary="Somebody takes a shift on a day", responses=_WRITE)
async def put_swap(entry_id: str, body: Taking, services: Served, grant: Staff) -> None:
    """Wholly or for a part; of two for the same minute the later one holds."""
    await services.rotas.put_swap(_swap(entry_id, body), actor(grant))


@router.put("/requests/{entry_id}", status_code=204, summary="Ask that somebody takes a turn of mine", responses=_WRITE)
async def ask_swap(entry_id: str, body: Taking, services: Served, grant: Responder) -> None:
    """Staff agree or decline; until then nothing changes."""
    if grant.person_id is None and grant.role is Role.VOLUNTEER:
        raise NotPermitted(role=grant.role.value)
    await services.rotas.ask_swap(_swap(entry_id, body), actor(grant))


@router.post("/requests/{entry_id}/agree", status_code=204, summary="Agree to a swap", responses=_WRITE)
async def agree(entry_id: str, services: Served, grant: Staff) -> None:
    """It holds from now on."""
    await services.rotas.agree(entry_id, actor(grant))


@router.delete("/requests/{entry_id}", status_code=204, summary="Decline a swap", responses=refusals())
async def decline(entry_id: str, services: Served, grant: Staff) -> None:
    """The one who asked keeps the turn."""
    await services.rotas.drop(Swap, entry_id, actor(grant))


@router.put("/absences/{entry_id}", status_code=204, summary="Somebody is away", responses=_WRITE)
async def put_absence(entry_id: str, body: Away, services: Served, grant: Staff) -> None:
    """No duty of theirs counts meanwhile, with a shift or without."""
    await services.rotas.put_absence(Absence(entry_id, body.person, body.from_ms, body.until_ms), actor(grant))


@router.delete("/absences/{entry_id}", status_code=204, summary="Somebody is back", responses=refusals())
async def drop_absence(entry_id: str, services: Served, grant: Staff) -> None:
    """From now on their duties count again."""
    await services.rotas.drop(Absence, entry_id, actor(grant))


@router.put("/hand-over", status_code=204, summary="Leave a note for whoever is next", responses=_WRITE)
async def put_hand_over(body: Note, services: Served, grant: Staff) -> None:
    """One note for each post and end of a turn."""
    await services.rotas.put_hand_over(body.place, Duty(body.duty), body.ends_ms, body.text, actor(grant))


@router.put("/presence/{person_id}", status_code=204, summary="我在, 不在", responses=_WRITE)
async def say(person_id: str, body: Presence, services: Served, grant: Responder) -> None:
    """Holds for the shift that the person has or is about to have; a volunteer says it of themselves only."""
    if grant.role is Role.VOLUNTEER and person_id != grant.person_id:
        raise NotPermitted(role=grant.role.value)
    await services.reaching.say(person_id, actor(grant), is_here=body.is_here)


def actor(grant: Grant) -> str:
    """Who does it: a person's id, or a program's name."""
    return grant.person_id or grant.name


def _swap(entry_id: str, body: Taking) -> Swap:
    return Swap(entry_id, body.shift, day_from(body.day), body.person or NOBODY, body.from_minute, body.until_minute)
