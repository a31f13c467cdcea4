"""Devices over JSON: what is known of them, and commands."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.api.bodies import Body, refusals
from hub.api.callers import Onlooker, Served, Technician
from hub.services.views import DeviceView, device_view, devices_view

router = APIRouter(prefix="/devices", tags=["devices"])


class Command(Body):
    """What a device is to do. `volume` goes with the kind of that name."""

    kind: Literal["self_test", "volume", "restart"]
    volume: Annotated[float | None, Field(description="0 to 1.", examples=[0.8])] = None


class Delay(Body):
    """How much later than the agreed instant it plays, in ms; earlier below 0."""

    delay_ms: Annotated[float, Field(description="-500 to 500.", examples=[35.0])]


class Heard(BaseModel):
    """What the device's own microphone heard of its own loudspeaker."""

    heard: bool
    correlation: float
    lag_ms: float
    level_dbfs: float
    finding: Annotated[str | None, Field(description="What the device concludes from the sound alone.")] = None


class Answer(BaseModel):
    """What the device answered."""

    is_ok: bool
    detail: str | None = None
    evidence: Heard | None = None


@router.get("", summary="Devices, those that are not proved first", responses=refusals())
async def list_devices(services: Served, grant: Onlooker) -> list[DeviceView]:
    """`link` is what was observed; a device that was never heard of is `never`, not fine."""
    return await services.database.read(lambda tx: devices_view(tx, services.clock.now_ms()))


@router.get("/{device_id}", summary="One device", responses=refusals(404))
async def get_device(device_id: str, services: Served, grant: Onlooker) -> DeviceView:
    """`proved_ms` says when each part was last seen to work."""
    return await services.database.read(lambda tx: device_view(tx, device_id, services.clock.now_ms()))


@router.post("/{device_id}/commands", summary="Have a device do something", responses=refusals(404, 503, 504))
async def command(device_id: str, body: Command, services: Served, grant: Technician) -> Answer:
    """Answers with what the device answered; 504 when it was silent, and then it is not known whether it acted."""
    reply = await services.devices.command(device_id, body.kind, volume=body.volume)
    evidence = Heard(**reply.evidence.model_dump()) if reply.evidence else None
    return Answer(is_ok=reply.is_ok, detail=reply.detail, evidence=evidence)


@router.put("/{device_id}/delay", summary="Have a device play a little later or earlier", responses=refusals(404))
async def set_delay(device_id: str, body: Delay, services: Served, grant: Technician) -> DeviceView:
    """For an amplifier that needs its time, and for the way that sound takes between facing buildings (3 ms a metre).

    It is told at once; one that is away is told when it is back.
    """
    await services.devices.delay(device_id, body.delay_ms, grant.person_id or grant.name)
    return await services.database.read(lambda tx: device_view(tx, device_id, services.clock.now_ms()))
