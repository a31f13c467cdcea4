"""The score over JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hub.api.bodies import refusals
from hub.api.callers import Onlooker, Served
from hub.services.views import ScoreView, score_view

router = APIRouter(prefix="/score", tags=["score"])


@router.get("", summary="How fast people are helped", responses=refusals())
async def get_score(
    services: Served, grant: Onlooker, days: Annotated[int, Query(description="1 to 366", examples=[30])] = 30
) -> ScoreView:
    """Calls for help of the last `days` days, from the journal alone; requests for service are not counted."""
    now_ms = services.clock.now_ms()
    return await services.database.read(lambda tx: score_view(tx, now_ms, days))
