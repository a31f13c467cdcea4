"""Every press, each once, in a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from hub.adapters.database import tables
from hub.adapters.database.rows import COMMUNITY, WANTED, columns, in_community, insert_values, rows_in
from hub.services.ports import PressKey, PressRow

_PRESS = tables.press.c
_PRESSES = select(*columns(tables.press, PressRow))
_KNOWN = _PRESSES.where(in_community(_PRESS.community_id), _PRESS.key.in_(WANTED))
_OF_ALERT = _PRESSES.where(_PRESS.community_id == COMMUNITY, _PRESS.alert_id == bindparam("alert")).order_by(_PRESS.id)


@dataclass(frozen=True, slots=True)
class StoredPresses:
    """Fills ports.PressStore."""

    connection: Connection
    community_id: int

    def known(self, keys: Collection[PressKey]) -> dict[PressKey, PressRow]:
        """Those of these presses that are stored already."""
        rows = rows_in(self.connection, _KNOWN, [_joined(key) for key in keys], self.community_id)
        return {press.key: press for press in (PressRow(*row) for row in rows)}

    def add(self, presses: Sequence[PressRow]) -> None:
        """Stores new presses; the alerts that they name must be stored before."""
        insert_values(self.connection, tables.press, self.community_id, presses)

    def of_alert(self, alert_id: str) -> list[PressRow]:
        """The presses of an alert, as they came."""
        rows = self.connection.execute(_OF_ALERT, {"community": self.community_id, "alert": alert_id})
        return [PressRow(*row) for row in rows]


def _joined(key: PressKey) -> str:
    """The key as the table computes it."""
    device, press_id, pressed_at_ms, seq, button, gesture = key
    return f"{device}/{press_id}/{pressed_at_ms}/{seq}/{gesture}/{button}"
