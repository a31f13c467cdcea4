"""People change the rota: each change checked, written once, and written down with who did it (排班)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta

from hub.domain.errors import Invalid, NotFound, NotPermitted
from hub.domain.people import Duty, Role
from hub.domain.roster import Absence, Extra, Rota, Shift, Swap
from hub.domain.wall_clock import day_of, minute_at
from hub.services.ports import AskedSwap, AuditRow, Clock, Database, HandOver, News, RotaEntry, Tx
from hub.services.rota_checks import DAY_MS, check, check_place, check_swap

KEPT_DAYS = 35
"""Exceptions that ended longer ago are dropped at the next change: the audit log remembers, no page shows them."""
NOTE_CHARACTERS = 500


class Rotas:
    """Changes of the rota. Each may be sent again with the same id and is then done once.

    All raise Invalid or NotFound with a sentence that says what to change. `by` is who did it: a person's id, or a
    program's name.
    """

    def __init__(self, database: Database, clock: Clock, news: News) -> None:
        self._database = database
        self._clock = clock
        self._news = news

    async def put_shift(self, shift: Shift, by: str) -> None:
        """Adds a weekly shift, or changes the one with its id; what was arranged for single days stays with it."""
        await self._put(shift, by, "shift_put")

    async def put_extra(self, extra: Extra, by: str) -> None:
        """Adds or changes a shift on one day."""
        await self._put(extra, by, "extra_put")

    async def put_absence(self, absence: Absence, by: str) -> None:
        """Somebody is away: no duty of theirs counts meanwhile."""
        await self._put(absence, by, "absence_put")

    async def put_swap(self, swap: Swap, by: str) -> None:
        """Somebody takes a shift on a day, or a part of it; NOBODY cancels it."""
        await self._put(swap, by, "swap_put")

    async def drop(self, kind: type[RotaEntry], entry_id: str, by: str) -> None:
        """Removes it; what is not there need not be removed. A swap that is only asked for is declined by it."""

        def job(tx: Tx, now_ms: int) -> None:
            if not _is_there(tx, kind, entry_id):
                return
            tx.rota.drop(kind, entry_id)
            tx.audit.add(AuditRow(now_ms, by, f"{kind.__name__.lower()}_dropped", {"id": entry_id}))

        await self._change(job)

    async def restore(self, shift_id: str, day: date, by: str) -> None:
        """Whose shift it is has it again on that day: all that was arranged for it is taken back."""

        def job(tx: Tx, now_ms: int) -> None:
            arranged = [one for one in tx.rota.rota().swaps if (one.shift_id, one.day) == (shift_id, day)]
            for swap in arranged:
                tx.rota.drop(Swap, swap.id)
                tx.audit.add(_row(now_ms, by, "swap_dropped", swap))

        await self._change(job)

    async def ask_swap(self, swap: Swap, by: str) -> None:
        """`by` asks that somebody takes this turn of theirs; staff decide. Raises NotPermitted for another's turn."""

        def job(tx: Tx, now_ms: int) -> None:
            if any(turn.person_id != by for turn in check_swap(tx, swap, now_ms)):
                raise NotPermitted(role=Role.VOLUNTEER.value)
            if _is_there(tx, Swap, swap.id):
                return
            for earlier in tx.rota.asked():
                if earlier.asked_by == by and (earlier.swap.shift_id, earlier.swap.day) == (swap.shift_id, swap.day):
                    tx.rota.drop(Swap, earlier.swap.id)  # asking somebody else instead
            tx.rota.ask(AskedSwap(swap, by, now_ms))
            tx.audit.add(_row(now_ms, by, "swap_asked", swap))

        await self._change(job)

    async def agree(self, swap_id: str, by: str) -> None:
        """The swap that was asked for holds from now on. Raises NotFound when nobody waits for it."""

        def job(tx: Tx, now_ms: int) -> None:
            asked = next((one.swap for one in tx.rota.asked() if one.swap.id == swap_id), None)
            if asked is None:
                if _is_there(tx, Swap, swap_id):
                    return
                raise NotFound(what="swap", id=swap_id)
            check_swap(tx, asked, now_ms)
            self._store(tx, asked, by, "swap_agreed", now_ms)

        await self._change(job)

    async def put_hand_over(self, place: str, duty: Duty, ends_ms: int, text: str, by: str) -> None:
        """Leaves a note for whoever is at the post after the turn that ends at `ends_ms`; an empty one removes it."""
        text = text.strip()
        if len(text) > NOTE_CHARACTERS:
            raise Invalid("hand_over_too_long", most=NOTE_CHARACTERS)

        def job(tx: Tx, now_ms: int) -> None:
            check_place(tx, place)
            note = HandOver(place, duty, ends_ms, by, text, now_ms)
            same = (one for one in tx.rota.hand_overs(ends_ms) if (one.place, one.duty, one.ends_ms) == note_key(note))
            known = next(same, None)
            if text == (known.text if known else ""):
                return
            tx.rota.put_hand_over(note)
            post = {"place": place, "duty": duty.value, "ends_ms": ends_ms}
            tx.audit.add(AuditRow(now_ms, by, "hand_over_put", post))

        await self._change(job)

    async def _put(self, entry: RotaEntry, by: str, what: str) -> None:
        def job(tx: Tx, now_ms: int) -> None:
            if entry in _stored(tx.rota.rota(), type(entry)):
                return
            check(tx, entry, now_ms)
            self._store(tx, entry, by, what, now_ms)

        await self._change(job)

    def _store(self, tx: Tx, entry: RotaEntry, by: str, what: str, now_ms: int) -> None:
        today = day_of(minute_at(now_ms, tx.rota.rota().timezone))
        tx.rota.put([entry], now_ms)
        tx.rota.forget(today - timedelta(days=KEPT_DAYS), now_ms - KEPT_DAYS * DAY_MS)
        tx.audit.add(_row(now_ms, by, what, entry))

    async def _change(self, job: Callable[[Tx, int], None]) -> None:
        now_ms = self._clock.now_ms()
        await self._database.write(lambda tx: job(tx, now_ms))
        self._news.tell("rota")


def note_key(note: HandOver) -> tuple[str, Duty, int]:
    """At which post and for the end of which turn a note is."""
    return note.place, note.duty, note.ends_ms


def _row(now_ms: int, by: str, what: str, entry: RotaEntry) -> AuditRow:
    said = {key: value.isoformat() if isinstance(value, date) else value for key, value in asdict(entry).items()}
    return AuditRow(now_ms, by, what, said)


def _stored(rota: Rota, kind: type[RotaEntry]) -> list[RotaEntry]:
    entries: list[RotaEntry] = [*rota.shifts, *rota.extras, *rota.swaps, *rota.absences]
    return [one for one in entries if isinstance(one, kind)]


def _is_there(tx: Tx, kind: type[RotaEntry], entry_id: str) -> bool:
    asked = (one.swap.id for one in tx.rota.asked() if kind is Swap)
    return entry_id in {one.id for one in _stored(tx.rota.rota(), kind)} | set(asked)
