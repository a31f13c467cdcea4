"""Devices as technicians see them: what is not proved comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.domain.devices import Device, Link, Part, fault, is_fine, link, unproved
from hub.domain.errors import NotFound
from hub.domain.findings import Finding
from hub.domain.places import Place
from hub.services.ports import Tx


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device. `unproved` names the parts that nothing has proved lately; `is_fine` needs a link and all proofs.

    `finding` is what was last concluded from a sound, and `fault` what of it still holds.
    `clock_offset_ms` and `outbox` are what the device said of itself at `heard_ms`.
    """

    id: str
    place: str
    place_name: str
    link: Link
    heard_ms: int | None
    agent: str
    clock_offset_ms: float | None
    outbox: int | None
    volume: float
    delay_ms: float
    proved_ms: Mapping[Part, int]
    fault: Finding | None
    finding: Finding | None
    finding_ms: int | None
    buttons: Mapping[str, int | None]
    unproved: tuple[str, ...]
    is_fine: bool


def devices_view(tx: Tx, now_ms: int) -> list[DeviceView]:
    """All devices: those that are not fine first, the longest unheard or unproved of them at the top."""
    places = tx.places.places()
    devices = sorted(
        tx.devices.devices().values(), key=lambda one: (is_fine(one, now_ms), _known_ms(one), len(one.id), one.id)
    )
    return [_view(one, places, now_ms) for one in devices]


def device_view(tx: Tx, device_id: str, now_ms: int) -> DeviceView:
    """One device. Raises NotFound."""
    device = tx.devices.devices([device_id]).get(device_id)
    if device is None:
        raise NotFound(what="device", id=device_id)
    return _view(device, tx.places.places(), now_ms)


def _known_ms(device: Device) -> int:
    """Since when something of the device waits to be heard or proved again."""
    proofs = [device.proved_ms.get(part, 0) for part in (Part.SPEAKER, Part.MICROPHONE)]
    return min([device.heard_ms or 0, *proofs, *(at_ms or 0 for at_ms in device.buttons.values())])


def _view(device: Device, places: Mapping[str, Place], now_ms: int) -> DeviceView:
    return DeviceView(
        id=device.id,
        place=device.place,
        place_name=places[device.place].name if device.place in places else device.place,
        link=link(device, now_ms),
        heard_ms=device.heard_ms,
        agent=device.agent,
        clock_offset_ms=device.clock_offset_ms,
        outbox=device.outbox,
        volume=device.volume,
        delay_ms=device.delay_ms,
        proved_ms=dict(device.proved_ms),
        fault=fault(device),
        finding=device.finding,
        finding_ms=device.finding_ms,
        buttons=dict(device.buttons),
        unproved=tuple(unproved(device, now_ms)),
        is_fine=is_fine(device, now_ms),
    )
