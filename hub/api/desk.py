"""The duty desk over JSON: whether one is watched, for programs that show or stand in for it."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from hub.api.bodies import refusals
from hub.api.callers import Onlooker, Served, Staff

router = APIRouter(prefix="/desk", tags=["desk"])


class DeskState(BaseModel):
    """`is_watched`: some duty desk was live and could be heard within the last 20 s."""

    is_watched: bool


@router.get("", summary="Is a duty desk watched?", responses=refusals())
async def show_desk(services: Served, grant: Onlooker) -> DeskState:
    """While none is, whoever stands in for the desk is told of the alert that has waited longest."""
    return DeskState(is_watched=services.desk_watch.is_watched)


@router.post("/watched", summary="A duty desk is live and can be heard", status_code=204, responses=refusals())
async def watched(services: Served, grant: Staff) -> None:
    """To be said at least every 20 s by whatever sounds for people who look."""
    services.desk_watch.seen()
