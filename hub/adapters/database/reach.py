"""What points to whether people can be reached, in tables; who is known not to be is read with the directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Insert, select

from hub.adapters.database import tables
from hub.adapters.database.directory import Known
from hub.adapters.database.rows import COMMUNITY, AnySelect, as_row, insert_all, upserts
from hub.domain.people import ChannelName
from hub.domain.reachability import Outcome, Said
from hub.services.ports import StoredSigns

_SAID = select(tables.said).where(tables.said.c.community_id == COMMUNITY)
_ANSWERED = select(tables.answered).where(tables.answered.c.community_id == COMMUNITY)
_OUTCOMES = select(tables.last_outcome).where(tables.last_outcome.c.community_id == COMMUNITY)
_SAY, _ANSWER, _PUT_OUTCOME = upserts(tables.said), upserts(tables.answered), upserts(tables.last_outcome)
_DROP_UNREACHABLE = tables.unreachable.delete().where(tables.unreachable.c.community_id == COMMUNITY)


@dataclass(frozen=True, slots=True)
class StoredReach:
    """Fills ports.ReachStore."""

    connection: Connection
    community_id: int
    known: Known

    def signs(self) -> dict[str, StoredSigns]:
        """By person; whoever left none is not in it."""
        said = {row.person_id: Said(row.is_here, row.said_ms, row.until_ms) for row in self._rows(_SAID)}
        answered = {row.person_id: row.at_ms for row in self._rows(_ANSWERED)}
        outcomes: defaultdict[str, dict[ChannelName, Outcome]] = defaultdict(dict)
        for row in self._rows(_OUTCOMES):
            outcomes[row.person_id][row.channel] = Outcome(row.is_taken, row.at_ms)
        people = said.keys() | answered.keys() | outcomes.keys()
        return {one: StoredSigns(said.get(one), answered.get(one), outcomes.get(one, {})) for one in people}

    def say(self, person_id: str, said: Said) -> None:
        """What the person says of themselves, in place of what they said before."""
        self._upsert(_SAY, [{"person_id": person_id, **as_row(said)}])

    def answered(self, person_id: str, at_ms: int) -> None:
        """The person has answered a request."""
        self._upsert(_ANSWER, [{"person_id": person_id, "at_ms": at_ms}])

    def outcomes(self, rows: Mapping[tuple[str, ChannelName], Outcome]) -> None:
        """What became of the last notification of these people on these channels."""
        self._upsert(
            _PUT_OUTCOME,
            [{"person_id": person, "channel": channel, **as_row(one)} for (person, channel), one in rows.items()],
        )

    def unreachable(self) -> frozenset[str]:
        """Who is known not to be reached."""
        return self.known.directory.unreachable

    def set_unreachable(self, person_ids: Collection[str]) -> None:
        """These are, and all others are not."""
        self.connection.execute(_DROP_UNREACHABLE, {"community": self.community_id})
        rows = [{"person_id": one} for one in sorted(person_ids)]
        insert_all(self.connection, tables.unreachable, self.community_id, rows)
        self.known.changed()

    def _upsert(self, statements: Mapping[str, Insert], rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            statement = statements[self.connection.dialect.name]
            self.connection.execute(statement, [{"community_id": self.community_id, **row} for row in rows])

    def _rows(self, statement: AnySelect) -> Any:  # rows by name
        return self.connection.execute(statement, {"community": self.community_id})
