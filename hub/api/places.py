"""Places over JSON, their quiet hours and noise budgets."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.api.bodies import Body, refusals
from hub.api.callers import Anyone, Onlooker, Served, Staff
from hub.domain.noise_budget import MOST_MINUTES
from hub.domain.quiet_hours import is_all_day, read_spans, span_text
from hub.services.quiet_hours import QuietPlace
from hub.services.views import PlaceView, places_view

router = APIRouter(prefix="/places", tags=["places"])


class Hours(Body):
    """Quiet hours of a place; an empty list: it is never quiet there. Equal ends, as 00:00-00:00, are the whole day."""

    hours: Annotated[list[str], Field(max_length=100, examples=[["12:00-14:00", "20:00-07:30"]])]


class Quiet(BaseModel):
    """Between which times nothing but emergencies begins at a place."""

    place: str
    hours: list[str]
    is_all_day: Annotated[bool, Field(description="Whether they leave no minute: there nothing else is ever heard.")]
    is_own: Annotated[bool, Field(description="Whether they were set for this very place.")]
    source: Annotated[str | None, Field(description="The place whose hours these are; null: the hub's setting.")]

    @classmethod
    def of(cls, one: QuietPlace) -> Self:
        """As JSON shows it."""
        return cls(
            place=one.place.slug,
            hours=[span_text(span) for span in one.spans],
            is_all_day=is_all_day(one.spans),
            is_own=one.is_own,
            source=one.source.slug if one.source else None,
        )


class Minutes(Body):
    """The noise budget of a place."""

    minutes: Annotated[int, Field(ge=0, le=MOST_MINUTES, description="At full level a day; 0: no limit.")]


class Budget(BaseModel):
    """How much may sound at a place between two midnights before nothing but emergencies begins any more."""

    place: str
    minutes: Annotated[int, Field(description="Seconds sounded times the level played (0-1), in minutes; 0: no limit.")]
    is_own: Annotated[bool, Field(description="Whether it was set for this very place.")]
    source: Annotated[str | None, Field(description="The place whose budget this is; null: the hub's setting.")]

    @classmethod
    def of(cls, one: QuietPlace) -> Self:
        """As JSON shows it."""
        source = one.budget_source
        return cls(
            place=one.place.slug,
            minutes=one.budget_min,
            is_own=one.has_own_budget,
            source=source.slug if source else None,
        )


@router.get("", summary="The community, its grids, buildings and units", responses=refusals())
async def list_places(services: Served, grant: Anyone) -> list[PlaceView]:
    """Their slugs are what `places` wants in an announcement."""
    return await services.database.read(places_view)


@router.get("/{place}/quiet-hours", summary="The quiet hours that hold at a place", responses=refusals(404))
async def get_quiet_hours(place: str, services: Served, grant: Onlooker) -> Quiet:
    """Those of the nearest place that has its own: the building, its grid, else the hub's setting."""
    return Quiet.of(await services.quiet.get(place))


@router.put("/{place}/quiet-hours", summary="Give a grid or building its own quiet hours", responses=refusals(404))
async def set_quiet_hours(place: str, body: Hours, services: Served, grant: Staff) -> Quiet:
    """Its devices are told at once; those that are away are told when they are back."""
    spans = read_spans(body.hours)
    return Quiet.of(await services.quiet.put(place, spans, grant.person_id or grant.name))


@router.delete("/{place}/quiet-hours", summary="Have it follow the wider place again", responses=refusals(404))
async def drop_quiet_hours(place: str, services: Served, grant: Staff) -> Quiet:
    """Answers with those that hold now."""
    return Quiet.of(await services.quiet.put(place, None, grant.person_id or grant.name))


@router.get("/{place}/noise-budget", summary="The noise budget that holds at a place", responses=refusals(404))
async def get_noise_budget(place: str, services: Served, grant: Onlooker) -> Budget:
    """That of the nearest place that has its own: the building, its grid, else the hub's setting."""
    return Budget.of(await services.quiet.get(place))


@router.put("/{place}/noise-budget", summary="Give a grid or building its own noise budget", responses=refusals(404))
async def set_noise_budget(place: str, body: Minutes, services: Served, grant: Staff) -> Budget:
    """Its devices are told at once; those that are away are told when they are back."""
    return Budget.of(await services.quiet.put_budget(place, body.minutes, grant.person_id or grant.name))


@router.delete("/{place}/noise-budget", summary="Have it follow the wider place again", responses=refusals(404))
async def drop_noise_budget(place: str, services: Served, grant: Staff) -> Budget:
    """Answers with that which holds now."""
    return Budget.of(await services.quiet.put_budget(place, None, grant.person_id or grant.name))
