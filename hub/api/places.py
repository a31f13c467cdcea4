"""Places over JSON."""

from __future__ import annotations

from fastapi import APIRouter

from hub.api.bodies import refusals
from hub.api.callers import Anyone, Served
from hub.services.views import PlaceView, places_view

router = APIRouter(prefix="/places", tags=["places"])


@router.get("", summary="The community, its grids, buildings and units", responses=refusals())
async def list_places(services: Served, grant: Anyone) -> list[PlaceView]:
    """Their slugs are what `places` wants in an announcement."""
    return await services.database.read(places_view)
