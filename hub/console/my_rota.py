"""What volunteers do about their shifts on their own page: 我在, 不在, asking for a swap, a note for the next."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from hub.console.console import Console, Here
from hub.console.language import mark as _
from hub.console.mine import Holder, thanks
from hub.console.my_duty import my_duty
from hub.domain.errors import Invalid
from hub.domain.people import Person
from hub.domain.roster import LONGEST_PART, Swap
from hub.domain.turns import Turn
from hub.services.rota_checks import day_from

router = APIRouter(prefix="/v/{secret}")


@router.post("/here")
async def here(console: Here, request: Request, one: Holder) -> Response:
    await console.services.reaching.say(one.id, one.id, is_here=True)
    return thanks(console, request, one, _("已记下 ✓ 您在岗"))


@router.post("/away")
async def away(console: Here, request: Request, one: Holder) -> Response:
    await console.services.reaching.say(one.id, one.id, is_here=False)
    return thanks(console, request, one, _("已记下 ✓ 需要时会同时叫别人"))


@router.post("/swap")
async def swap(
    console: Here,
    request: Request,
    one: Holder,
    shift: Annotated[str, Form()] = "",
    day: Annotated[str, Form()] = "",
    person: Annotated[str, Form()] = "",
    from_minute: Annotated[int, Form()] = 0,
    until_minute: Annotated[int, Form()] = LONGEST_PART,
) -> Response:
    """Staff see it and decide; asking the same again changes nothing."""
    if not person:
        raise Invalid("choose_person")
    asked = Swap(f"{day}.{person}.{shift}"[:120], shift, day_from(day), person, from_minute, until_minute)
    await console.services.rotas.ask_swap(asked, one.id)
    return thanks(console, request, one, _("已告诉工作人员 ✓ 同意以前还是您的班"))


@router.post("/hand-over")
async def hand_over(console: Here, request: Request, one: Holder, text: Annotated[str, Form()] = "") -> Response:
    """For whoever comes after the turn that the person has now. Raises Invalid without one."""
    turn = await _turn_now(console, one)
    await console.services.rotas.put_hand_over(turn.place, turn.duty, turn.end_ms, text, one.id)
    return thanks(console, request, one, _("已留给下一班 ✓"))


async def _turn_now(console: Console, one: Person) -> Turn:
    now_ms = console.services.clock.now_ms()
    duty = await console.services.database.read(lambda tx: my_duty(tx, one.id, now_ms))
    if not duty.turns or not duty.turns[0].is_now:
        raise Invalid("not_on_shift")
    return duty.turns[0].turn
