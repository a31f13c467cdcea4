"""A volunteer's own duty as their page shows it: turns, whether they said that they are there, notes, colleagues."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.people import Person
from hub.domain.reachability import Said
from hub.domain.turns import Turn, turns
from hub.domain.wall_clock import day_minute, minute_at
from hub.services.ports import HandOver, Tx

AHEAD_MS = 14 * 24 * 3_600_000
MOST_TURNS = 5
NOTES_MS = 36 * 3_600_000


@dataclass(frozen=True, slots=True)
class MyTurn:
    """One of my turns. `from_minute`, `until_minute` count from the midnight of the shift's day."""

    turn: Turn
    place_name: str
    from_minute: int
    until_minute: int
    is_now: bool
    asked: str
    colleagues: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What was left for me."""

    by: str
    text: str
    ends_ms: int


@dataclass(frozen=True, slots=True)
class MyDuty:
    """`said` is what I said of myself and still holds; `left` is the note that I have left for the next."""

    turns: tuple[MyTurn, ...]
    said: Said | None
    notes: tuple[Note, ...]
    left: str


def my_duty(tx: Tx, person_id: str, now_ms: int) -> MyDuty:
    """The next turns of this person, and what belongs to them."""
    rota, people = tx.rota.rota(), tx.people.people()
    laid_out = turns(rota, now_ms, now_ms + AHEAD_MS)
    mine = sorted((one for one in laid_out if one.person_id == person_id and one.is_held), key=lambda one: one.start_ms)
    places = tx.places.places()
    asked = {(one.swap.shift_id, one.swap.day): one.swap.person_id for one in tx.rota.asked()}
    notes = tx.rota.hand_overs(now_ms - NOTES_MS)

    def shown(turn: Turn) -> MyTurn:
        taker = people.get(asked.get((turn.shift_id, turn.day), ""))
        return MyTurn(
            turn=turn,
            place_name=places[turn.place].name if turn.place in places else turn.place,
            from_minute=minute_at(turn.start_ms, rota.timezone) - day_minute(turn.day),
            until_minute=minute_at(turn.end_ms, rota.timezone) - day_minute(turn.day),
            is_now=turn.start_ms <= now_ms,
            asked=taker.name if taker else "",
            colleagues=_colleagues(tx, turn, person_id),
        )

    said = (stored := tx.reach.signs().get(person_id)) and stored.said
    current = mine[0] if mine and mine[0].start_ms <= now_ms else None
    return MyDuty(
        turns=tuple(shown(one) for one in mine[:MOST_TURNS]),
        said=said if said and said.until_ms > now_ms else None,
        notes=tuple(_note(one, people) for one in notes if mine and _is_for(one, mine[0])),
        left=next((one.text for one in notes if current and _is_from(one, current)), ""),
    )


def _colleagues(tx: Tx, turn: Turn, person_id: str) -> tuple[Person, ...]:
    """Who does the same there."""
    same = {one.person_id for one in tx.people.assignments([turn.place]) if one.duty is turn.duty}
    same |= {one.person_id for one in tx.rota.rota().shifts if (one.place, one.duty) == (turn.place, turn.duty)}
    return tuple(sorted(tx.people.people(same - {person_id}).values(), key=lambda one: (one.name, one.id)))


def _is_for(note: HandOver, turn: Turn) -> bool:
    return (note.place, note.duty) == (turn.place, turn.duty) and note.ends_ms < turn.end_ms


def _is_from(note: HandOver, turn: Turn) -> bool:
    return (note.place, note.duty, note.ends_ms) == (turn.place, turn.duty, turn.end_ms)


def _note(note: HandOver, people: dict[str, Person]) -> Note:
    return Note(people[note.person_id].name if note.person_id in people else "", note.text, note.ends_ms)
