"""排班: who is on duty when, and the changes that staff make: swaps, absences, weekly shifts, notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, Response

from hub.console.console import Acting, Console, Here, Seeing
from hub.console.instants import instant_from
from hub.console.language import mark as _
from hub.console.rota_week import Week, week
from hub.console.streams import EventStream
from hub.domain.errors import Invalid, NotFound
from hub.domain.people import Duty, Person
from hub.domain.places import PlaceKind
from hub.domain.roster import LONGEST_PART, NOBODY, ON_SHIFT_DUTIES, Absence, Extra, Shift, Swap
from hub.domain.wall_clock import MINUTES_A_DAY, day_of, minute_at
from hub.services.ports import Tx
from hub.services.rota_checks import day_from, minute_of

PARTS = ("rota",)
Text = Annotated[str, Form()]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Choice:
    """People to choose from: those who do the same, and all others."""

    same: tuple[Person, ...]
    others: tuple[Person, ...]

    def besides(self, person_id: str | None) -> Choice:
        """All but this one."""
        same, others = (tuple(one for one in group if one.id != person_id) for group in (self.same, self.others))
        return Choice(same, others)


@router.get("/rota")
async def show(console: Here, request: Request, visitor: Seeing, day: Annotated[str, Query()] = "") -> HTMLResponse:
    about = (day_from(day) if day else await _today(console)).isoformat()
    return await console.page(request, visitor, "rota", PARTS, live=f"/live/rota?day={about}", about=about)


@router.get("/live/rota")
async def follow(console: Here, visitor: Seeing, day: Annotated[str, Query()] = "") -> EventStream:
    about = (day_from(day) if day else await _today(console)).isoformat()
    return console.stream(visitor, PARTS, about)


# --- dialogs -------------------------------------------------------------------------------------------


@router.get("/rota/turn")
async def ask_turn(console: Here, visitor: Acting, shift: str, day: str, start: int) -> HTMLResponse:
    """What can be done about one turn."""
    found: tuple[Week, Choice] = await _read(console, day_from(day), "", None)
    rows = [(row, turn) for row in found[0].rows for turn in row.post.turns]
    row, turn = next(
        ((row, one) for row, one in rows if (one.shift_id, one.day.isoformat(), one.start) == (shift, day, start)),
        (None, None),
    )
    if row is None or turn is None:
        raise NotFound(what="shift", id=shift)
    _week, choice = await _read(console, turn.day, row.post.place, row.post.duty)
    holder_id = turn.person.id if turn.person else None
    context = {"turn": turn, "post": row.post, "choice": choice.besides(holder_id)}
    return _dialog(console, visitor.taste.language, "turn", found[0].rota.timezone, context)


@router.get("/rota/shift")
async def ask_shift(console: Here, visitor: Acting, shift: str = "") -> HTMLResponse:
    """A weekly shift, to be added or changed."""

    def job(tx: Tx) -> dict[str, object]:
        rota = tx.rota.rota()
        known = next((one for one in rota.shifts if one.id == shift), None)
        places = [one for one in tx.places.places().values() if one.kind in (PlaceKind.COMMUNITY, PlaceKind.GRID)]
        choice = _choice(tx, known.place if known else "", known.duty if known else None)
        return {"shift": known, "places": places, "choice": choice, "zone": rota.timezone}

    context = await console.services.database.read(job)
    today = (await _today(console)).isoformat()
    return _dialog(
        console,
        visitor.taste.language,
        "shift",
        str(context["zone"]),
        {**context, "duties": ON_SHIFT_DUTIES, "today": today},
    )


@router.get("/rota/absence")
async def ask_absence(console: Here, visitor: Acting) -> HTMLResponse:
    """Somebody is away, with a shift or without."""
    today = await _today(console)
    found, choice = await _read(console, today, "", None)
    return _dialog(console, visitor.taste.language, "absence", found.rota.timezone, {"choice": choice, "today": today})


@router.get("/rota/note")
async def ask_note(console: Here, visitor: Acting, place: str, duty: Duty) -> HTMLResponse:
    """The note that whoever is on duty now leaves for the next."""
    found, _choice_of = await _read(console, await _today(console), place, duty)
    row = next((one for one in found.rows if (one.post.place, one.post.duty) == (place, duty)), None)
    if row is None:
        raise Invalid("unknown_place", place=place)
    ends_ms = row.now[0].end_ms if row.now else (row.post.next.start_ms if row.post.next else found.rota.until_ms)
    text = next((one.text for one in row.post.notes if one.ends_ms == ends_ms), "")
    context = {"post": row.post, "ends_ms": ends_ms, "text": text}
    return _dialog(console, visitor.taste.language, "hand_over", found.rota.timezone, context)


# --- changes -------------------------------------------------------------------------------------------


@router.post("/rota/swap")
async def swap(
    console: Here,
    visitor: Acting,
    shift: Text = "",
    day: Text = "",
    person: Text = "",
    from_: Annotated[str, Form(alias="from")] = "",
    until: Text = "",
    start: Annotated[int, Form()] = 0,
    key: Text = "",
) -> Response:
    if not person:
        raise Invalid("choose_person")
    part = _part(start, from_, until)
    await console.services.rotas.put_swap(Swap(key, shift, day_from(day), person, *part), visitor.person_id)
    return console.acted(visitor.taste.language, _("已换班 ✓"))


@router.post("/rota/cancel")
async def cancel(console: Here, visitor: Acting, shift: Text = "", day: Text = "", key: Text = "") -> Response:
    await console.services.rotas.put_swap(Swap(key, shift, day_from(day), NOBODY), visitor.person_id)
    return console.acted(visitor.taste.language, _("这一班已取消 ✓ 那时没有人在岗"))


@router.post("/rota/restore")
async def restore(console: Here, visitor: Acting, shift: Text = "", day: Text = "") -> Response:
    await console.services.rotas.restore(shift, day_from(day), visitor.person_id)
    return console.acted(visitor.taste.language, _("已恢复原来的安排 ✓"))


@router.post("/rota/shift")
async def put_shift(
    console: Here,
    visitor: Acting,
    person: Text = "",
    place: Text = "",
    duty: Text = "",
    start: Text = "",
    end: Text = "",
    weekday: Annotated[list[int] | None, Form()] = None,
    only: Text = "",
    shift: Text = "",
    key: Text = "",
) -> Response:
    """One shift for each weekday that is ticked; with `only` one for that day alone."""
    if not person:
        raise Invalid("choose_person")
    hours, what = (minute_of(start), minute_of(end)), _duty(duty)
    if only:
        await console.services.rotas.put_extra(
            Extra(key, person, place, what, day_from(only), *hours), visitor.person_id
        )
    elif not weekday:
        raise Invalid("choose_weekday")
    for index, one in enumerate(weekday if weekday and not only else ()):
        named = shift if shift and index == 0 else f"{key}-{one}"
        await console.services.rotas.put_shift(Shift(person, place, one, *hours, what, named), visitor.person_id)
    return console.acted(visitor.taste.language, _("班次已保存 ✓"))


@router.post("/rota/shift/drop")
async def drop_shift(console: Here, visitor: Acting, shift: Text = "") -> Response:
    for kind in (Shift, Extra):
        await console.services.rotas.drop(kind, shift, visitor.person_id)
    return console.acted(visitor.taste.language, _("班次已删除 ✓"))


@router.post("/rota/absence")
async def put_absence(
    console: Here,
    visitor: Acting,
    person: Text = "",
    from_: Annotated[str, Form(alias="from")] = "",
    until: Text = "",
    from_ms: Annotated[int, Form()] = 0,
    until_ms: Annotated[int, Form()] = 0,
    key: Text = "",
) -> Response:
    """From and until as typed, or as instants: those of a turn."""
    if not person:
        raise Invalid("choose_person")
    timezone = (await console.community()).timezone
    times = (from_ms, until_ms) if until_ms else (instant_from(from_, timezone), instant_from(until, timezone))
    await console.services.rotas.put_absence(Absence(key, person, *times), visitor.person_id)
    return console.acted(visitor.taste.language, _("已记下请假 ✓ 这段时间不会叫这个人"))


@router.post("/rota/absence/drop")
async def drop_absence(console: Here, visitor: Acting, absence: Text = "") -> Response:
    await console.services.rotas.drop(Absence, absence, visitor.person_id)
    return console.acted(visitor.taste.language, _("请假已取消 ✓"))


@router.post("/rota/request/agree")
async def agree(console: Here, visitor: Acting, asked: Text = "") -> Response:
    await console.services.rotas.agree(asked, visitor.person_id)
    return console.acted(visitor.taste.language, _("已同意换班 ✓"))


@router.post("/rota/request/decline")
async def decline(console: Here, visitor: Acting, asked: Text = "") -> Response:
    await console.services.rotas.drop(Swap, asked, visitor.person_id)
    return console.acted(visitor.taste.language, _("没有同意，班次不变 ✓"))


@router.post("/rota/note")
async def put_note(
    console: Here,
    visitor: Acting,
    place: Text = "",
    duty: Text = "",
    text: Text = "",
    ends_ms: Annotated[int, Form()] = 0,
) -> Response:
    await console.services.rotas.put_hand_over(place, _duty(duty), ends_ms, text, visitor.person_id)
    return console.acted(visitor.taste.language, _("交接的话已保存 ✓"))


# --- reading what was asked and typed ------------------------------------------------------------------


def _part(start: int, from_: str, until: str) -> tuple[int, int]:
    """Minutes from the midnight of the shift's day; a time before the turn's start is meant on the next day."""
    if not from_ and not until:
        return 0, LONGEST_PART
    first, last = minute_of(from_), minute_of(until)
    first += MINUTES_A_DAY if first < start else 0
    last += MINUTES_A_DAY if last <= first else 0
    return first, last


def _duty(text: str) -> Duty:
    if text not in ON_SHIFT_DUTIES:
        raise Invalid("not_a_shift_duty")
    return Duty(text)


async def _today(console: Console) -> date:
    return day_of(minute_at(console.services.clock.now_ms(), (await console.community()).timezone))


async def _read(console: Console, day: date, place: str, duty: Duty | None) -> tuple[Week, Choice]:
    services = console.services
    return await services.database.read(
        lambda tx: (week(tx, day, services.clock.now_ms(), services.reaching.of), _choice(tx, place, duty))
    )


def _choice(tx: Tx, place: str, duty: Duty | None) -> Choice:
    """Those who do the same at this place first; all by name."""
    people = sorted(tx.people.people().values(), key=lambda one: (one.name, one.id))
    same = {one.person_id for one in tx.people.assignments([place]) if one.duty is duty} if duty else set()
    on_shift = {one.person_id for one in tx.rota.rota().shifts if (one.place, one.duty) == (place, duty)}
    first = same | on_shift
    return Choice(tuple(one for one in people if one.id in first), tuple(one for one in people if one.id not in first))


def _dialog(console: Console, language: str, name: str, zone: str, context: dict[str, object]) -> HTMLResponse:
    basis = {"key": console.new_key(), "zone": zone, "now_ms": console.services.clock.now_ms()}
    return console.pages.html(f"dialogs/{name}.html", language, {**basis, **context})
