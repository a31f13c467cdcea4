"""What was heard of the broadcasts, over JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hub.api.bodies import refusals
from hub.api.callers import Onlooker, Served
from hub.services.views import HeardView, heard_view

router = APIRouter(prefix="/heard", tags=["heard"])


@router.get("", summary="What was sent, played and heard", responses=refusals())
async def get_heard(
    services: Served, grant: Onlooker, days: Annotated[int, Query(description="1 to 366", examples=[7])] = 7
) -> HeardView:
    """Of the last `days` days, per announcement and per building with what it missed and why."""
    now_ms = services.clock.now_ms()
    return await services.database.read(lambda tx: heard_view(tx, now_ms, days))
