"""升级方案: who is called where and when, in plain sentences, with the coming week and who would be called now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.console import mistakes
from hub.console.console import Acting, Console, Here, Seeing
from hub.console.instants import instant_from
from hub.console.streams import EventStream
from hub.console.visitor import Visitor
from hub.console.week_strip import Shown, shown
from hub.domain.alerts import Kind
from hub.domain.coverage import Coverage
from hub.domain.errors import DongdongError, Invalid
from hub.domain.ladder import DEFAULT, Rung, Who
from hub.domain.ladders import LadderRule
from hub.domain.people import ChannelName
from hub.domain.places import EVERYWHERE, Home, Place, PlaceKind
from hub.services.ladders import Plan, pressing, week
from hub.services.ports import Tx
from wire.ids import new_id

WAITS_S = (20, 30, 45, 60, 90, 120, 180, 300, 600)
NEEDED = (1, 2, 3, 4, 5)
MOST_FOUND = 5
"""Homes whose name holds what was typed; of more, the first."""

router = APIRouter()


@router.get("/live/ladders")
async def follow(console: Here, visitor: Seeing) -> EventStream:
    return console.stream(visitor, ())


@router.get("/ladders")
async def show_ladders(
    console: Here, request: Request, visitor: Acting, home: str = "", at: str = "", kind: Kind = Kind.CALL
) -> HTMLResponse:
    rules = await console.services.ladders.all()
    now_ms = console.services.clock.now_ms()
    timezone = (await console.community()).timezone

    def job(tx: Tx) -> list[Shown]:
        weeks = [(rule, week(tx, rule, now_ms)) for rule in rules]
        names = _names(tx, [coverage for _, coverage in weeks], rules)
        return [shown(rule, found, names, _midnight_after(found.from_ms, timezone)) for rule, found in weeks]

    context: dict[str, object] = {
        "ladders": await console.services.database.read(job),
        "asked": await _asked(console, home, at, kind, timezone),
        "pressable": await console.services.database.read(_pressable),
        "kinds": list(Kind),
    }
    return await _page(console, request, visitor, "ladders", context)


@dataclass(frozen=True, slots=True)
class Asked:
    """The question who would be called, with its answers: at most MOST_FOUND homes whose name was meant."""

    home: str
    at: str
    kind: Kind
    plans: tuple[tuple[Home, Plan], ...]


async def _asked(console: Console, home: str, at: str, kind: Kind, timezone: str) -> Asked:
    at_ms = console.services.clock.now_ms()
    with suppress(Invalid):  # an address that somebody typed: the page shows which hour it answers for
        at_ms = instant_from(at, timezone)
    found = await console.services.database.read(lambda tx: tx.places.homes_named(home.strip(), MOST_FOUND))
    plans = [(one, await console.services.ladders.who_at_home(one.id, kind, at_ms)) for one in found if home.strip()]
    return Asked(home, _local(at_ms, timezone).strftime("%Y-%m-%dT%H:%M"), kind, tuple(plans))


@router.get("/ladders/{ladder_id}")
async def edit(
    console: Here, request: Request, visitor: Acting, ladder_id: str, based: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """`new` is one that is not stored yet; it begins as the default one, or as the one named by `based`."""
    if ladder_id == "new":
        rungs = (await console.services.ladders.get(based))[0].rungs if based else DEFAULT
        rule = LadderRule(new_id(console.services.clock.now_ms()).lower(), "", EVERYWHERE, None, 0, 0, rungs, 0)
    else:
        rule = (await console.services.ladders.get(ladder_id))[0]
    return await _editor(console, request, visitor, rule)


@router.post("/ladders/{ladder_id}")
async def change(console: Here, request: Request, visitor: Acting, ladder_id: str) -> Response:
    """A form that works without any script: a button adds, moves or removes a rung and shows it again, or saves."""
    form = await request.form()
    rule = draft(ladder_id, form)
    what, _, number = str(form.get("do", "save")).partition(":")
    if what in STEPS:
        rungs = STEPS[what](list(rule.rungs), int(number) if number.isdecimal() else 0)
        return await _editor(console, request, visitor, replace(rule, rungs=tuple(rungs)))
    try:
        if what == "drop":
            await console.services.ladders.remove(ladder_id, rule.version, visitor.person_id)
        else:
            await console.services.ladders.save(rule, visitor.person_id)
    except DongdongError as error:
        sentence = mistakes.sentence(error, visitor.taste.language)
        return await _editor(console, request, visitor, rule, sentence, mistakes.status(error))
    return RedirectResponse(f"/ladders#{ladder_id}", 303)


def _added(rungs: list[Rung], _number: int) -> list[Rung]:
    return [*rungs, Rung((Who.ON_SHIFT,), 60_000)]


def _removed(rungs: list[Rung], number: int) -> list[Rung]:
    return [rung for index, rung in enumerate(rungs) if index != number or len(rungs) == 1]


def _moved_up(rungs: list[Rung], number: int) -> list[Rung]:
    if 0 < number < len(rungs):
        rungs[number - 1], rungs[number] = rungs[number], rungs[number - 1]
    return rungs


def _moved_down(rungs: list[Rung], number: int) -> list[Rung]:
    return _moved_up(rungs, number + 1)


STEPS = {"add": _added, "remove": _removed, "up": _moved_up, "down": _moved_down}


def draft(ladder_id: str, form: FormData) -> LadderRule:
    """The ladder as the form says it, checked by nobody yet; what cannot be read counts as the first choice."""
    count = min(_number(form.get("rungs"), 1), 50)
    is_all_day = form.get("hours", "all") == "all"
    kind = str(form.get("kind", ""))
    return LadderRule(
        id=ladder_id,
        name=str(form.get("name", "")),
        place=str(form.get("place", "")),
        kind=Kind(kind) if kind in Kind.__members__.values() else None,
        from_minute=0 if is_all_day else _minute(form.get("from")),
        to_minute=0 if is_all_day else _minute(form.get("to")),
        rungs=tuple(_rung(form, index) for index in range(count)),
        version=_number(form.get("version"), 0),
    )


def _rung(form: FormData, index: int) -> Rung:
    who = tuple(one for one in Who if one.value in form.getlist(f"who-{index}"))
    ways = tuple(one for one in ChannelName if one.value in form.getlist(f"channel-{index}"))
    wait_s = _number(form.get(f"wait-{index}"), 60)
    return Rung(who, wait_s * 1000, ways or None, _number(form.get(f"needed-{index}"), 1))


def _number(text: object, otherwise: int) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 9 else otherwise


def _minute(text: object) -> int:
    """A time of day as browsers write it, 22:30, in minutes; midnight for what is none."""
    hours, _, minutes = str(text).partition(":")
    return _number(hours, 0) * 60 + _number(minutes[:2], 0)


async def _editor(
    console: Console, request: Request, visitor: Visitor, rule: LadderRule, mistake: str = "", status: int = 200
) -> HTMLResponse:
    def job(tx: Tx) -> dict[str, object]:
        places = tx.places.places().values()
        return {"places": [(kind, [one for one in places if one.kind is kind]) for kind in PlaceKind]}

    context = {
        **await console.services.database.read(job),
        "homes": await console.services.database.read(_pressable),
        "rule": rule,
        "mistake": mistake,
        "kinds": list(Kind),
        "everyone": list(Who),
        "channels": list(ChannelName),
        "waits": WAITS_S,
        "needed": NEEDED,
    }
    answer = await _page(console, request, visitor, "ladder", context)
    answer.status_code = status
    return answer


async def _page(
    console: Console, request: Request, visitor: Visitor, name: str, context: dict[str, object]
) -> HTMLResponse:
    return await console.page(request, visitor, name, (), live="/live/ladders", context=context)


def _names(tx: Tx, weeks: list[Coverage], rules: list[LadderRule]) -> dict[str, str]:
    """What people call the places and homes that gaps and ladders name."""
    gaps = [gap for one in weeks for gaps in (*one.rungs, one.nobody) for gap in gaps]
    wanted = {place for gap in gaps for place in gap.places} | {rule.place for rule in rules}
    places: dict[str, Place] = tx.places.places()
    homes = tx.places.homes(wanted - places.keys())
    return {one: places[one].name for one in wanted if one in places} | {one.id: one.name for one in homes.values()}


def _pressable(tx: Tx) -> list[Home]:
    """The homes that have a button."""
    homes = tx.places.homes([around[0] for around in pressing(tx, EVERYWHERE)])
    return list(homes.values())


def _local(ms: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(timezone))


def _midnight_after(ms: int, timezone: str) -> int:
    """The next beginning of a day."""
    day = _local(ms, timezone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return round(day.timestamp() * 1000)
