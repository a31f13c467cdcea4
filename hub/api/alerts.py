"""Alerts over JSON: look, and answer."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from hub.api.bodies import Body, refusals
from hub.api.callers import AlertReader, Responder, Served, Staff, asked_only, check_may_answer, check_may_see
from hub.domain.alerts import State
from hub.services.served import Services
from hub.services.views import AlertDetail, AlertReplay, AlertSummary, alert_view, alerts_view, replay_view

router = APIRouter(prefix="/alerts", tags=["alerts"])

PersonId = Annotated[str, Field(max_length=64, description="Who does it: an id of /people.", examples=["wang-fang"])]


class By(Body):
    """A step that needs nothing but a person."""

    by: PersonId


class Accept(By):
    """我去."""

    eta_minutes: Annotated[int, Field(description="In how many minutes they will be there, 1 to 30.", examples=[4])]


class Close(By):
    """完成. An override, closing without having seen anybody, needs its reason."""

    outcome: Annotated[str, Field(max_length=500, examples=["扶起来了，没有受伤"])]
    seen: Annotated[Literal["door", "conversation", "override"], Field(description="How the end was seen.")]
    reason: Annotated[str, Field(max_length=500)] = ""


class TakeBack(By):
    """撤销."""

    made: Annotated[
        Literal["accepted", "arrived", "closed"], Field(description="The state to which the mistaken step led.")
    ]
    whose: Annotated[PersonId, Field(description="Who was said to have accepted, arrived or closed.")]


class Note(By):
    """A remark for the journal."""

    text: Annotated[str, Field(max_length=2000, examples=["已电话联系家属"])]


@router.get("", summary="Alerts, the newest first", responses=refusals())
async def list_alerts(
    services: Served,
    grant: AlertReader,
    state: Annotated[list[State] | None, Query(description="Only these states; all when left out.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before_ms: Annotated[int | None, Query(description="Only alerts opened before this time.")] = None,
) -> list[AlertSummary]:
    """A volunteer sees those they were asked about."""
    states = tuple(state) if state else tuple(State)
    return await services.database.read(
        lambda tx: alerts_view(
            tx, services.clock.now_ms(), states=states, limit=limit, before_ms=before_ms, asked=asked_only(grant)
        )
    )


@router.get("/{alert_id}", summary="One alert with its journal and notifications", responses=refusals(404))
async def get_alert(alert_id: str, services: Served, grant: AlertReader) -> AlertDetail:
    """`told` is what the elder was told last; a notification that is `sent` was taken by its channel, nothing more."""
    await check_may_see(services, grant, alert_id)
    return await _detail(services, alert_id)


@router.get("/{alert_id}/replay", summary="One alert second by second", responses=refusals(404))
async def get_replay(alert_id: str, services: Served, grant: AlertReader) -> AlertReplay:
    """Each second in which something happened, as it stood then: state, who was being asked, what was told."""
    await check_may_see(services, grant, alert_id)
    now_ms = services.clock.now_ms()
    return await services.database.read(lambda tx: replay_view(tx, alert_id, now_ms))


_STEP = refusals(404, 409)


@router.post("/{alert_id}/accept", summary="我去: somebody goes", responses=_STEP)
async def accept(alert_id: str, body: Accept, services: Served, grant: Responder) -> AlertDetail:
    """The first is the acceptor, everyone after that back-up. The same again by the same person succeeds.

    Whoever is accepted for by another person's token is told what was promised in their name.
    """
    await check_may_answer(services, grant, alert_id, body.by)
    await services.alerts.accept(alert_id, body.by, body.eta_minutes, grant.person_id)
    return await _detail(services, alert_id)


@router.post("/{alert_id}/decline", summary="去不了: somebody who was asked cannot go", responses=_STEP)
async def decline(alert_id: str, body: By, services: Served, grant: Responder) -> AlertDetail:
    """When everybody of the rung has declined, the next one is asked at once."""
    await check_may_answer(services, grant, alert_id, body.by)
    await services.alerts.decline(alert_id, body.by)
    return await _detail(services, alert_id)


@router.post("/{alert_id}/withdraw", summary="The acceptor cannot go after all", responses=_STEP)
async def withdraw(alert_id: str, body: By, services: Served, grant: Responder) -> AlertDetail:
    """The alert is open again and the next rung is asked at once."""
    await check_may_answer(services, grant, alert_id, body.by)
    await services.alerts.withdraw(alert_id, body.by)
    return await _detail(services, alert_id)


@router.post("/{alert_id}/arrive", summary="到了: somebody is at the door", responses=_STEP)
async def arrive(alert_id: str, body: By, services: Served, grant: Responder) -> AlertDetail:
    """Whoever arrives first, not only the acceptor."""
    await check_may_answer(services, grant, alert_id, body.by)
    await services.alerts.arrive(alert_id, body.by)
    return await _detail(services, alert_id)


@router.post("/{alert_id}/close", summary="完成: how it ended, and how that was seen", responses=_STEP)
async def close(alert_id: str, body: Close, services: Served, grant: Responder) -> AlertDetail:
    """Only a person closes an alert; only `door` proves an arrival."""
    await check_may_answer(services, grant, alert_id, body.by)
    await services.alerts.close(alert_id, body.by, body.outcome, body.seen, body.reason)
    return await _detail(services, alert_id)


@router.post("/{alert_id}/reopen", summary="Ask further people although somebody has accepted", responses=_STEP)
async def reopen(alert_id: str, body: By, services: Served, grant: Staff) -> AlertDetail:
    """For the duty desk."""
    await services.alerts.reopen(alert_id, body.by)
    return await _detail(services, alert_id)


@router.post("/{alert_id}/take-back", summary="撤销: what was pressed by mistake just now", responses=_STEP)
async def take_back(alert_id: str, body: TakeBack, services: Served, grant: Staff) -> AlertDetail:
    """Within 20 s. Both stay in the journal; what was taken back counts in no report."""
    await services.alerts.take_back(alert_id, body.by, State(body.made), body.whose)
    return await _detail(services, alert_id)


@router.post("/{alert_id}/note", summary="A remark in the journal", responses=_STEP)
async def note(alert_id: str, body: Note, services: Served, grant: Responder) -> AlertDetail:
    """Possible in every state."""
    await check_may_answer(services, grant, alert_id, body.by)
    await services.alerts.note(alert_id, body.by, body.text)
    return await _detail(services, alert_id)


async def _detail(services: Services, alert_id: str) -> AlertDetail:
    now_ms = services.clock.now_ms()
    return await services.database.read(lambda tx: alert_view(tx, alert_id, now_ms))
