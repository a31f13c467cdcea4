"""社区图: the plan of the community, coloured by alerts, sound and links."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from hub.console.console import Here, Seeing
from hub.console.streams import EventStream

MAP = ("plan",)


router = APIRouter()


@router.get("/map")
async def show_map(console: Here, request: Request, visitor: Seeing) -> HTMLResponse:
    return await console.page(request, visitor, "map", MAP, live="/live/map")


@router.get("/live/map")
async def follow_map(console: Here, visitor: Seeing) -> EventStream:
    return console.stream(visitor, MAP)
