"""Devices, what was last heard of them, and their buttons, in tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import Connection, and_, bindparam, func, not_, select

from hub.adapters.database import tables
from hub.adapters.database.directory import Known
from hub.adapters.database.prepared import rows_of, write_rows
from hub.adapters.database.rows import (
    COMMUNITY,
    WANTED,
    AnyRow,
    as_row,
    chunks,
    in_community,
    insert_all,
    insert_values,
    rows_in,
)
from hub.domain.devices import SAYS_ONLINE, Device, Part
from hub.services.ports import Button, Configured

_DEVICE, _BUTTON, _PRESS = tables.device.c, tables.button.c, tables.press.c
_HEARD = (
    *("state", "session", "agent", "heard_ms", "clock_offset_ms", "outbox", "volume", "delay_ms"),
    *("proved_ms", "finding", "finding_ms"),
)
"""What is stored of what was heard; the buttons' proofs are their presses."""
_PARTS = {part.value: part for part in Part}

_ANY_DEVICES = select(_DEVICE.id, _DEVICE.place, *(_DEVICE[name] for name in _HEARD)).order_by(_DEVICE.id)
_DEVICES = _ANY_DEVICES.where(_DEVICE.community_id == COMMUNITY)
_IS_ONE_OF_THESE = (in_community(_DEVICE.community_id), _DEVICE.id.in_(WANTED))
_THESE_DEVICES = _ANY_DEVICES.where(*_IS_ONE_OF_THESE)
_IS_AS_BEFORE = and_(
    _DEVICE.state == bindparam("said"),
    _DEVICE.heard_ms.is_not(None),
    _DEVICE.heard_ms > bindparam("lately"),
    _DEVICE.heard_ms <= bindparam("now"),
)
_NOT_AS_BEFORE = select(_DEVICE.id).where(*_IS_ONE_OF_THESE, not_(_IS_AS_BEFORE)).order_by(_DEVICE.id)
_HEARD_AGAIN = (
    tables.device.update()
    .where(*_IS_ONE_OF_THESE, _IS_AS_BEFORE, _DEVICE.heard_ms <= bindparam("soon"))
    .values(heard_ms=bindparam("now"))
)
# One descent of an index for each button; grouping all presses would read every press ever made.
_LAST_PRESS = (
    select(func.max(_PRESS.received_ms))
    .where(
        _PRESS.community_id == _BUTTON.community_id,
        _PRESS.device == _BUTTON.device,
        _PRESS.button == _BUTTON.name,
    )
    .scalar_subquery()
)
_ANY_PROOFS = select(_BUTTON.device, _BUTTON.name, _LAST_PRESS).order_by(_BUTTON.device, _BUTTON.name)
_PROOFS = _ANY_PROOFS.where(_BUTTON.community_id == COMMUNITY)
_THEIR_PROOFS = _ANY_PROOFS.where(in_community(_BUTTON.community_id), _BUTTON.device.in_(WANTED))
_ANY_CONFIGURED = select(
    *(_DEVICE[name] for name in ("id", "place", "volume", "delay_ms", "config_digest", "config_sent_ms"))
).order_by(_DEVICE.id)
_CONFIGURED = _ANY_CONFIGURED.where(_DEVICE.community_id == COMMUNITY)
_THESE_CONFIGURED = _ANY_CONFIGURED.where(*_IS_ONE_OF_THESE)
_NOTE_CONFIGURED = (
    tables.device.update()
    .where(_DEVICE.community_id == COMMUNITY, _DEVICE.id == bindparam("device"))
    .values(config_digest=bindparam("digest"), config_sent_ms=bindparam("now"))
)
_SAVE = (
    tables.device.update()
    .where(_DEVICE.community_id == COMMUNITY, _DEVICE.id == bindparam("device"))
    .values({name: bindparam(f"new_{name}", type_=_DEVICE[name].type) for name in _HEARD})
)
_SAVED = (COMMUNITY.key, "device", *(f"new_{name}" for name in _HEARD))
_to_save = attrgetter("id", *_HEARD)


@dataclass(frozen=True, slots=True)
class StoredDevices:
    """Fills ports.DeviceStore."""

    connection: Connection
    community_id: int
    known: Known

    def devices(self, ids: Collection[str] | None = None) -> dict[str, Device]:
        """These devices (those that exist), or all, with the last press of each of their mapped buttons."""
        if ids is None:
            all_of_it = {"community": self.community_id}
            return _devices(rows_of(self.connection, _DEVICES, all_of_it), rows_of(self.connection, _PROOFS, all_of_it))
        return _devices(
            rows_in(self.connection, _THESE_DEVICES, ids, self.community_id),
            rows_in(self.connection, _THEIR_PROOFS, ids, self.community_id),
        )

    def last_heard(self, ids: Collection[str]) -> dict[str, Device]:
        """These devices (those that exist), without their buttons."""
        return _devices(rows_in(self.connection, _THESE_DEVICES, ids, self.community_id), ())

    def heard_again(self, ids: Collection[str], lately_ms: int, soon_ms: int, now_ms: int) -> list[str]:
        """Done by the database: to read and write each takes three times as long (70 devices: 2.8 and 0.9 ms)."""
        given = {"said": SAYS_ONLINE, "lately": lately_ms, "now": now_ms}
        others = [id_ for (id_,) in rows_in(self.connection, _NOT_AS_BEFORE, ids, self.community_id, **given)]
        for chunk in chunks(ids):
            written = {"community": self.community_id, "wanted": chunk, "soon": soon_ms, **given}
            self.connection.execute(_HEARD_AGAIN, written)
        return others

    def add_devices(self, devices: Sequence[Device]) -> None:
        """Adds devices; their places must exist, and `buttons` is not stored here but by `add_buttons`."""
        rows = [as_row(device) for device in devices]
        for row in rows:
            del row["buttons"]
        insert_all(self.connection, tables.device, self.community_id, rows)
        self.known.changed()

    def save(self, devices: Sequence[Device]) -> None:
        """Stores what was heard of them; an unknown device changes nothing."""
        if devices:
            rows = ((self.community_id, *_to_save(device)) for device in devices)
            write_rows(self.connection, _SAVE, _SAVED, rows)

    def configured(self, ids: Collection[str] | None = None) -> list[Configured]:
        """What the settings of these devices depend on, or of all, by id."""
        if ids is None:
            rows: Iterable[AnyRow] = rows_of(self.connection, _CONFIGURED, {"community": self.community_id})
        else:
            rows = rows_in(self.connection, _THESE_CONFIGURED, ids, self.community_id)
        return [Configured(*row) for row in rows]

    def note_configured(self, digests: Mapping[str, str], now_ms: int) -> None:
        """The broker has taken the settings of these names, by device."""
        if digests:
            common = {"community": self.community_id, "now": now_ms}
            rows = [{**common, "device": device, "digest": digest} for device, digest in digests.items()]
            self.connection.execute(_NOTE_CONFIGURED, rows)

    def places_of(self, ids: Collection[str] | None = None) -> dict[str, str]:
        """Only where these devices (those that exist) are, or all."""
        places = self.known.directory.device_places
        return dict(places) if ids is None else {one: places[one] for one in ids if one in places}

    def buttons(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Button]:
        """Those of these (device, button) that staff have mapped."""
        buttons = self.known.directory.buttons
        return {key: buttons[key] for key in keys if key in buttons}

    def buttons_of(self, device: str) -> list[Button]:
        """The mapped buttons of a device, by name."""
        return list(self.known.directory.buttons_of.get(device, ()))

    def add_buttons(self, buttons: Sequence[Button]) -> None:
        """Maps buttons; their devices and homes must exist."""
        insert_values(self.connection, tables.button, self.community_id, buttons)
        self.known.changed()


def _devices(devices: Iterable[AnyRow], proofs: Iterable[AnyRow]) -> dict[str, Device]:
    buttons: defaultdict[str, dict[str, int | None]] = defaultdict(dict)
    for device, name, pressed_ms in proofs:
        buttons[device][name] = pressed_ms
    found: dict[str, Device] = {}
    for id_, *heard, proved_ms, finding, finding_ms in devices:
        proved = {_PARTS[part]: at for part, at in proved_ms.items()}
        of_it = dict(buttons.get(id_, {}))
        found[id_] = Device(*(id_, *heard, proved, finding, finding_ms, of_it))
    return found
