"""社区图: the plan of the community, coloured by alerts, sound and links."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sse_starlette import EventSourceResponse
from starlette.responses import HTMLResponse

from hub.console.console import Console
from hub.console.visitor import Visitor

MAP = ("plan",)


def routes(console: Console) -> APIRouter:
    """The map's page."""
    router = APIRouter()
    Seeing = Annotated[Visitor, Depends(console.visitor)]  # noqa: N806  # a type

    @router.get("/map")
    async def show_map(request: Request, visitor: Seeing) -> HTMLResponse:
        return await console.page(request, visitor, "map", MAP, live="/live/map")

    @router.get("/live/map")
    async def follow_map(visitor: Seeing) -> EventSourceResponse:
        return console.stream(visitor, MAP)

    return router
