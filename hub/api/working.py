"""Whether the hub lives, and whether it does its work; for those who watch over it, without signing in."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel

from hub.api.callers import Served

router = APIRouter(tags=["watching"])


class Alive(BaseModel):
    """It answers."""

    is_alive: bool = True


class Ready(BaseModel):
    """Whether it does its work; `reasons` names what keeps it from that."""

    is_ready: bool
    reasons: list[str]


@router.get("/healthz", summary="Does it answer?")
async def healthz() -> Alive:
    """Says no more than that the process answers."""
    return Alive()


@router.get("/readyz", summary="Does it work?", responses={503: {"model": Ready}})
async def readyz(services: Served, response: Response) -> Ready:
    """503 with the reasons while presses cannot be taken, stored or passed on."""
    reasons = services.ready()
    response.status_code = 503 if reasons else 200
    return Ready(is_ready=not reasons, reasons=reasons)
