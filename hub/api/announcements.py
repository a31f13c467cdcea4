"""Announcements over JSON: make one, follow it building by building, stop it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from hub.api.bodies import Body, refusals
from hub.api.callers import Onlooker, Served, Staff
from hub.domain.announcements import MAX_CHARACTERS, MAX_REPEAT, Kind, Status
from hub.domain.second_person import Hold
from hub.services.views import (
    AnnouncementDetail,
    AnnouncementSummary,
    announced_sound,
    announcement_summary,
    announcement_view,
    announcements_view,
)

router = APIRouter(prefix="/announcements", tags=["announcements"])


class NewAnnouncement(Body):
    """What is to be announced, where, how urgently and when."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "example": {"text": "今天下午3点到5点停水，请提前储水。", "places": ["all"], "kind": "notice", "repeat": 2}
        },
    )

    text: Annotated[str, Field(description=f"What is spoken, at most {MAX_CHARACTERS} characters.")]
    places: Annotated[list[str], Field(max_length=2000, description="Slugs of /places; `all` is everybody.")]
    kind: Annotated[str, Field(json_schema_extra={"enum": [kind.value for kind in Kind]})] = Kind.ROUTINE.value
    repeat: Annotated[int, Field(description=f"How many times it is played, 1 to {MAX_REPEAT}.")] = 1
    play_at_ms: Annotated[int | None, Field(description="When it begins everywhere; null for at once.")] = None
    status: Annotated[
        str,
        Field(
            description="`exercise` and `test` say so first, aloud and in the title, and are played like routine ones.",
            json_schema_extra={"enum": [status.value for status in Status]},
        ),
    ] = Status.ACTUAL.value


class Stopped(BaseModel):
    """An announcement that has been stopped."""

    id: str
    kind: str
    title: str
    play_at_ms: Annotated[int, Field(description="When it began, or would have begun.")]


class Announced(BaseModel):
    """An announcement that is stored, and on its way or held for a second person."""

    id: str
    duration_ms: Annotated[int, Field(description="How long all of it takes, repeats and pauses included.")]
    play_at_ms: Annotated[int, Field(description="When every building begins.")]
    valid_until_ms: Annotated[int, Field(description="Until when a building that was away may still join.")]
    hold: Annotated[Hold | None, Field(description="`held` while a second person is awaited; null: none is needed.")]
    hold_until_ms: Annotated[int | None, Field(description="When what is held goes out by itself.")]
    spoken: Annotated[str, Field(description="The text exactly as it is read aloud.")]
    counts: Annotated[dict[str, int], Field(description="Devices by state, and buildings without any (`no_device`).")]


@router.post("", status_code=201, summary="Announce something", responses=refusals(503))
async def announce(body: NewAnnouncement, services: Served, grant: Staff) -> Announced:
    """Answers when it is spoken, stored and published; without a link it is published as soon as there is one.

    Orange and red are held for 10 s: in that time anyone can stop them, and a second person or program can confirm
    them, upon which they go out at once. Left alone, they go out by themselves.
    """
    announcement = await services.announcements.announce(
        text=body.text,
        places=body.places,
        kind=body.kind,
        repeat=body.repeat,
        play_at_ms=body.play_at_ms,
        status=body.status,
        by=grant.person_id or grant.name,
    )
    view = await services.database.read(lambda tx: announcement_summary(tx, announcement.id, services.clock.now_ms()))
    return Announced(
        id=view.id,
        duration_ms=view.duration_ms,
        play_at_ms=view.play_at_ms,
        valid_until_ms=view.valid_until_ms,
        hold=view.hold,
        hold_until_ms=view.hold_until_ms,
        spoken=view.spoken,
        counts=dict(view.counts),
    )


@router.get("", summary="Announcements, the newest first", responses=refusals())
async def list_announcements(
    services: Served, grant: Onlooker, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[AnnouncementSummary]:
    """With how many devices are in each state."""
    return await services.database.read(lambda tx: announcements_view(tx, services.clock.now_ms(), limit=limit))


@router.post("/stop", summary="Stop everything, everywhere, at once", responses=refusals())
async def stop_all(services: Served, grant: Staff) -> list[Stopped]:
    """What was under way or planned, live speech too. Calls for help of an alert go on until their alert ends them."""
    stopped = await services.announcements.stop_all(grant.person_id or grant.name)
    return [Stopped(id=one.id, kind=one.kind, title=one.title, play_at_ms=one.play_at_ms) for one in stopped]


@router.get("/{announcement_id}", summary="One announcement, building by building", responses=refusals(404))
async def get_announcement(announcement_id: str, services: Served, grant: Onlooker) -> AnnouncementDetail:
    """`heard` is played and proved by the building's own microphone; `played` alone is not."""
    return await services.database.read(lambda tx: announcement_view(tx, announcement_id, services.clock.now_ms()))


@router.get(
    "/{announcement_id}/audio",
    summary="The sound itself, Opus in Ogg, exactly as it is played",
    responses={200: {"content": {"audio/ogg": {}}}, **refusals(404)},
    response_class=Response,
)
async def get_audio(announcement_id: str, services: Served, grant: Onlooker) -> Response:
    """One round of it: repeats and the pauses between them are not in the file."""
    sound = await services.database.read(lambda tx: announced_sound(tx, announcement_id))
    return Response(sound.opus, media_type="audio/ogg")


@router.post("/{announcement_id}/confirm", summary="As a second person, send at once", responses=refusals(404, 409))
async def confirm(announcement_id: str, services: Served, grant: Staff) -> AnnouncementDetail:
    """Not for whoever made it. What has gone out already stays as it is."""
    await services.announcements.confirm(announcement_id, grant.person_id or grant.name)
    return await services.database.read(lambda tx: announcement_view(tx, announcement_id, services.clock.now_ms()))


@router.post("/{announcement_id}/stop", summary="Stop it everywhere at once", responses=refusals(404))
async def stop(announcement_id: str, services: Served, grant: Staff) -> AnnouncementDetail:
    """Buildings report `stopped` for themselves; until then they count as what they last reported.

    One that is held is called off: it was never played.
    """
    await services.announcements.stop(announcement_id, grant.person_id or grant.name)
    return await services.database.read(lambda tx: announcement_view(tx, announcement_id, services.clock.now_ms()))
