"""Tokens of programs over JSON: make one, end one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.api.bodies import Body, refusals
from hub.api.callers import Admin, Served
from hub.domain.people import Role

router = APIRouter(prefix="/tokens", tags=["tokens"])


class NewToken(Body):
    """What a program may do, and until when."""

    role: Role
    name: Annotated[str, Field(description="What it is for, as the journal will show it.", examples=["物业系统"])]
    days: Annotated[int, Field(description="In how many days it ends.", examples=[365])] = 365


class Token(BaseModel):
    """A token just made. `token` is told only now; `id` is what ends it."""

    id: str
    token: str
    role: Role
    name: str
    expires_ms: int


@router.post("", status_code=201, summary="Make a token", responses=refusals())
async def make(body: NewToken, services: Served, grant: Admin) -> Token:
    """It is stored only as a hash and cannot be shown again."""
    issued = await services.access.new_token(role=body.role, name=body.name, days=body.days)
    made = issued.grant
    return Token(id=made.hash, token=issued.secret, role=made.role, name=made.name, expires_ms=made.expires_ms)


@router.delete("/{token_id}", status_code=204, summary="End a token at once", responses=refusals(404))
async def end(token_id: str, services: Served, grant: Admin) -> None:
    """Whatever it was used for is refused from now on."""
    await services.access.revoke(token_id)
