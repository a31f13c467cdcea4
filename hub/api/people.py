"""People over JSON."""

from __future__ import annotations

from fastapi import APIRouter

from hub.api.bodies import refusals
from hub.api.callers import Served, Staff
from hub.services.views import PersonView, people_view

router = APIRouter(prefix="/people", tags=["people"])


@router.get("", summary="Who can be asked", responses=refusals())
async def list_people(services: Served, grant: Staff) -> list[PersonView]:
    """Those on shift first. Their ids are what `by` wants in the steps of an alert."""
    return await services.database.read(lambda tx: people_view(tx, services.clock.now_ms()))
