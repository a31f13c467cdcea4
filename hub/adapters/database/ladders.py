"""Stored ladders (升级方案), in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam

from hub.adapters.database import tables
from hub.adapters.database.directory import Known
from hub.adapters.database.rows import COMMUNITY, as_row, columns, insert_values
from hub.domain.errors import Changed
from hub.domain.ladders import LadderRule

_LADDER = tables.ladder.c
_THIS = (_LADDER.community_id == COMMUNITY, _LADDER.id == bindparam("ladder"), _LADDER.version == bindparam("seen"))
_CHANGED = [column.name for column in columns(tables.ladder, LadderRule) if column.name != "id"]
_UPDATE = (
    tables.ladder.update()
    .where(*_THIS)
    .values({name: bindparam(f"new_{name}", type_=_LADDER[name].type) for name in _CHANGED})
)
_REMOVE = tables.ladder.delete().where(*_THIS)


@dataclass(frozen=True, slots=True)
class StoredLadders:
    """Fills ports.LadderStore."""

    connection: Connection
    community_id: int
    known: Known

    def rules(self) -> Sequence[LadderRule]:
        """All of them, by id."""
        return self.known.directory.ladders

    def add(self, rules: Sequence[LadderRule]) -> None:
        """Stores new ones."""
        insert_values(self.connection, tables.ladder, self.community_id, rules)
        self.known.changed()

    def update(self, rule: LadderRule) -> None:
        """Stores a rule whose `version` is one above the stored one; raises Changed when it is not."""
        row = as_row(rule)
        new = {f"new_{name}": row[name] for name in _CHANGED}
        values = {"community": self.community_id, "ladder": rule.id, "seen": rule.version - 1, **new}
        if self.connection.execute(_UPDATE, values).rowcount != 1:
            raise Changed
        self.known.changed()

    def remove(self, rule_id: str, version: int) -> None:
        """Removes a rule as it was seen; raises Changed when it is another by now."""
        values = {"community": self.community_id, "ladder": rule_id, "seen": version}
        if self.connection.execute(_REMOVE, values).rowcount != 1:
            raise Changed
        self.known.changed()
