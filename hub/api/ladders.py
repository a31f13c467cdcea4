"""升级方案 over JSON: who is called where and when, checked against the coming week."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from hub.api.bodies import Body, refusals
from hub.api.callers import Onlooker, Served, Staff
from hub.domain.alerts import Kind
from hub.domain.coverage import Coverage, Gap
from hub.domain.errors import Invalid
from hub.domain.ladder import Reach, Rung, Who
from hub.domain.ladders import LadderRule
from hub.domain.people import ChannelName
from hub.services.ladders import Plan

router = APIRouter(prefix="/ladders", tags=["ladders"])

LadderId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,63}$", description="Small letters, digits, hyphens.")]


class RungBody(Body):
    """A rung: whom it asks, through which channels (null: all), how many must accept, how long it waits."""

    who: Annotated[list[Who], Field(max_length=20)]
    wait_s: Annotated[int, Field(ge=0, le=86_400)]
    channels: Annotated[list[ChannelName] | None, Field(max_length=20)] = None
    needed: int = 1

    def rung(self) -> Rung:
        """As the rules know it."""
        return Rung(
            tuple(self.who),
            self.wait_s * 1000,
            tuple(self.channels) if self.channels is not None else None,
            self.needed,
        )

    @classmethod
    def of(cls, rung: Rung) -> Self:
        """As JSON shows it."""
        channels = None if rung.channels is None else list(rung.channels)
        return cls(who=list(rung.who), wait_s=rung.wait_ms // 1000, channels=channels, needed=rung.needed)


class LadderBody(Body):
    """A ladder to store. `version` is the one that was seen, 0 for a new one. Equal minutes mean all day."""

    name: Annotated[str, Field(examples=["夜间"])]
    place: Annotated[str, Field(description="A slug, or the id of a home.", examples=["building-17"])]
    kind: Kind | None = None
    from_minute: int = 0
    to_minute: int = 0
    rungs: Annotated[list[RungBody], Field(max_length=50)]
    version: Annotated[int, Field(ge=0)] = 0


class LadderView(LadderBody):
    """A stored ladder; `default` is the one that holds where none is stored."""

    id: str

    @classmethod
    def of(cls, rule: LadderRule) -> Self:
        """As JSON shows it."""
        return cls(
            id=rule.id,
            name=rule.name,
            place=rule.place,
            kind=rule.kind,
            from_minute=rule.from_minute,
            to_minute=rule.to_minute,
            rungs=[RungBody.of(rung) for rung in rule.rungs],
            version=rule.version,
        )


class Week(BaseModel):
    """What the coming week lacks: for each rung, and where no rung at all reaches anybody."""

    from_ms: int
    until_ms: int
    rungs: list[list[Gap]]
    nobody: list[Gap]


class LadderAndWeek(BaseModel):
    """A ladder and its coming week."""

    ladder: LadderView
    week: Week

    @classmethod
    def of(cls, found: tuple[LadderRule, Coverage]) -> Self:
        """As JSON shows it."""
        rule, coming = found
        rungs = [list(gaps) for gaps in coming.rungs]
        week = Week(from_ms=coming.from_ms, until_ms=coming.until_ms, rungs=rungs, nobody=list(coming.nobody))
        return cls(ladder=LadderView.of(rule), week=week)


class CalledView(BaseModel):
    """Somebody who would be asked, and as what."""

    person_id: str
    name: str
    who: Who


class CalledRungView(BaseModel):
    """A rung, when it would be asked after the press, and whom it reaches."""

    rung: RungBody
    after_ms: int
    reach: Reach
    called: list[CalledView]


class PlanView(BaseModel):
    """Who would be called; `ladder` null means the default one."""

    ladder: LadderView | None
    rungs: list[CalledRungView]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """As JSON shows it."""
        rungs = [
            CalledRungView(
                rung=RungBody.of(one.rung),
                after_ms=one.after_ms,
                reach=one.reach,
                called=[CalledView(person_id=p.person_id, name=p.name, who=p.who) for p in one.called],
            )
            for one in plan.rungs
        ]
        return cls(ladder=LadderView.of(plan.rule) if plan.rule else None, rungs=rungs)


@router.get("", summary="All ladders, the default one last", responses=refusals())
async def list_ladders(services: Served, grant: Onlooker) -> list[LadderView]:
    """For an alert the one of the narrowest place holds, then the one for its very kind, then the one for the hour."""
    return [LadderView.of(rule) for rule in await services.ladders.all()]


@router.get("/who", summary="Who would be called, rung by rung", responses=refusals(404))
async def who(
    services: Served,
    grant: Staff,
    home: Annotated[str | None, Query(description="The id of a home.")] = None,
    place: Annotated[str | None, Query(description="A slug, where no home is meant.")] = None,
    kind: Kind = Kind.CALL,
    at_ms: Annotated[int | None, Query(ge=0, le=2**42, description="Now when left out.")] = None,
) -> PlanView:
    """By the same code that calls people when somebody presses."""
    at_ms = services.clock.now_ms() if at_ms is None else at_ms
    if home is not None:
        return PlanView.of(await services.ladders.who_at_home(home, kind, at_ms))
    if place is None:
        raise Invalid("field_missing", field="home")
    return PlanView.of(await services.ladders.who_at_place(place, kind, at_ms))


@router.get("/{ladder_id}", summary="One ladder with its coming week", responses=refusals(404))
async def get_ladder(ladder_id: str, services: Served, grant: Onlooker) -> LadderAndWeek:
    """Gaps are stretches in which a rung reaches too few, with the places that lack them."""
    return LadderAndWeek.of(await services.ladders.get(ladder_id))


@router.put("/{ladder_id}", summary="Store a ladder", responses=refusals(404, 409))
async def put_ladder(ladder_id: LadderId, body: LadderBody, services: Served, grant: Staff) -> LadderAndWeek:
    """Takes effect with the next step of every alert. The answer says which gaps the coming week has with it."""
    rule = LadderRule(
        id=ladder_id,
        name=body.name,
        place=body.place,
        kind=body.kind,
        from_minute=body.from_minute,
        to_minute=body.to_minute,
        rungs=tuple(rung.rung() for rung in body.rungs),
        version=body.version,
    )
    return LadderAndWeek.of(await services.ladders.save(rule, grant.person_id or grant.name))


@router.delete("/{ladder_id}", summary="Remove a ladder", status_code=204, responses=refusals(404, 409))
async def delete_ladder(
    ladder_id: str, services: Served, grant: Staff, version: Annotated[int, Query(description="The one that was seen.")]
) -> Response:
    """The next wider ladder holds instead."""
    await services.ladders.remove(ladder_id, version, grant.person_id or grant.name)
    return Response(status_code=204)
