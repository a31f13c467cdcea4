"""The rota in tables: what is agreed (read with the directory), what is asked for, and the notes between shifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Delete, Table, bindparam, select

from hub.adapters.database import tables
from hub.adapters.database.directory import Known
from hub.adapters.database.rows import COMMUNITY, as_row, columns, insert_values, upserts
from hub.domain.roster import Absence, Extra, Rota, Shift, Swap
from hub.services.ports import AskedSwap, HandOver, RotaEntry

_TABLES: Mapping[type[RotaEntry], Table] = {
    Shift: tables.shift,
    Extra: tables.extra_shift,
    Swap: tables.swap,
    Absence: tables.absence,
}
_PUT = {kind: upserts(table) for kind, table in _TABLES.items()}
_PUT_NOTE = upserts(tables.hand_over)


def _delete(table: Table) -> Delete:
    return table.delete().where(table.c.community_id == COMMUNITY)


_DROP = {kind: _delete(table).where(table.c.id == bindparam("entry")) for kind, table in _TABLES.items()}
_DROP_SWAPS = _delete(tables.swap).where(tables.swap.c.shift_id == bindparam("entry"))
_DROP_NOTE = _delete(tables.hand_over).where(
    tables.hand_over.c.place == bindparam("place"),
    tables.hand_over.c.duty == bindparam("duty", type_=tables.hand_over.c.duty.type),
    tables.hand_over.c.ends_ms == bindparam("ends"),
)
_FORGET = (
    _delete(tables.extra_shift).where(tables.extra_shift.c.day < bindparam("before_day")),
    _delete(tables.swap).where(tables.swap.c.day < bindparam("before_day")),
    _delete(tables.absence).where(tables.absence.c.until_ms < bindparam("before_ms")),
    _delete(tables.hand_over).where(tables.hand_over.c.ends_ms < bindparam("before_ms")),
)
_SWAP, _NOTE = tables.swap.c, tables.hand_over.c
_ASKED = (
    select(*columns(tables.swap, Swap), _SWAP.asked_by, _SWAP.asked_ms)
    .where(_SWAP.community_id == COMMUNITY, _SWAP.agreed_ms.is_(None))
    .order_by(_SWAP.asked_ms, _SWAP.id)
)
_NOTES = (
    select(*columns(tables.hand_over, HandOver))
    .where(_NOTE.community_id == COMMUNITY, _NOTE.ends_ms >= bindparam("since"))
    .order_by(_NOTE.ends_ms)
)


@dataclass(frozen=True, slots=True)
class StoredRota:
    """Fills ports.RotaStore."""

    connection: Connection
    community_id: int
    known: Known

    def rota(self) -> Rota:
        """All that is agreed."""
        return self.known.directory.rota

    def put(self, entries: Sequence[RotaEntry], now_ms: int) -> None:
        """Stores these, each in place of what had its id; a swap counts as agreed at `now_ms`."""
        for entry in entries:
            row = as_row(entry)
            if isinstance(entry, Swap):
                row |= {"asked_by": "", "asked_ms": now_ms, "agreed_ms": now_ms}
            self._upsert(_PUT[type(entry)], row)
        if entries:
            self.known.changed()

    def drop(self, kind: type[RotaEntry], entry_id: str) -> None:
        """Removes it, a shift with its swaps; nothing happens if it is not there."""
        self._execute(_DROP[kind], entry=entry_id)
        if kind in (Shift, Extra):
            self._execute(_DROP_SWAPS, entry=entry_id)
        self.known.changed()

    def forget(self, before_day: date, before_ms: int) -> None:
        """Removes what held on single days before these times, so that the directory does not grow with the years."""
        for statement in _FORGET:
            self._execute(statement, before_day=before_day, before_ms=before_ms)
        self.known.changed()

    def ask(self, asked: AskedSwap) -> None:
        """Stores a swap that is only asked for; it changes nothing of who is on duty."""
        row = {**as_row(asked.swap), "asked_by": asked.asked_by, "asked_ms": asked.asked_ms, "agreed_ms": None}
        self._upsert(_PUT[Swap], row)

    def asked(self) -> list[AskedSwap]:
        """The swaps that wait for an answer, the oldest first."""
        rows = self.connection.execute(_ASKED, {"community": self.community_id})
        return [AskedSwap(Swap(*row[:-2]), row.asked_by, row.asked_ms) for row in rows]

    def put_hand_over(self, note: HandOver) -> None:
        """Stores a note in place of the one for the same post and end; an empty one removes it."""
        if note.text:
            self._upsert(_PUT_NOTE, as_row(note))
        else:
            self._execute(_DROP_NOTE, place=note.place, duty=note.duty, ends=note.ends_ms)

    def hand_overs(self, since_ms: int) -> list[HandOver]:
        """The notes of shifts that ended or end after `since_ms`, in that order."""
        rows = self.connection.execute(_NOTES, {"community": self.community_id, "since": since_ms})
        return [HandOver(*row) for row in rows]

    def add_shifts(self, shifts: Sequence[Shift]) -> None:
        """Adds many weekly shifts at once."""
        insert_values(self.connection, tables.shift, self.community_id, shifts)
        self.known.changed()

    def _upsert(self, statements: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        statement = statements[self.connection.dialect.name]
        self.connection.execute(statement, {"community_id": self.community_id, **row})

    def _execute(self, statement: Delete, **parameters: object) -> None:
        self.connection.execute(statement, {"community": self.community_id, **parameters})
