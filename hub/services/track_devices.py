"""What is known of devices: their links, health and proofs as they come in, commands and settings as they go out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from hub.domain.devices import MOST_DELAY_MS, NO_STATE, SAYS_OFFLINE, SAYS_ONLINE, UNCONFIRMED, Device, Part
from hub.domain.errors import DeviceSilent, Invalid, NoLink, NotFound
from hub.domain.findings import Finding
from hub.services import payloads
from hub.services.device_settings import DeviceSettings
from hub.services.ports import Clock, Database, News, Publisher, PublishFailed, Tx
from hub.services.receipts import concluded, found, heard_from, looks_different, proved_by
from wire.ids import new_id
from wire.messages import Health, LinkState, Reply, Restart, SelfTest, Status, Volume

log = structlog.get_logger()

COMMANDS = ("self_test", "volume", "restart")
REPLY_TIMEOUT_S = 15.0
"""A self-test plays a sweep of about 2 s, waits for what it may interrupt, and listens (WIRE.md)."""


class Devices:
    """Takes what devices say of themselves. A device that nobody has added is logged and ignored here."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        clock: Clock,
        news: News,
        settings: DeviceSettings,
        *,
        reply_timeout_s: float = REPLY_TIMEOUT_S,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._clock = clock
        self._news = news
        self._reply_timeout_s = reply_timeout_s
        self._settings = settings
        self._waiting: dict[tuple[str, str], asyncio.Future[Reply]] = {}

    async def statuses(self, batch: Sequence[tuple[str, Status, bool]]) -> list[str]:
        """Takes births and wills of (device, status, is retained), in their order and in one transaction.

        Returns the devices that have just come online, so that they can be sent what they missed. A retained `online`
        proves nothing until the device is heard; a will of an older session changes nothing.
        """
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> tuple[dict[str, Device], dict[str, Device]]:
            known = tx.devices.last_heard({device for device, _, _ in batch})
            new = dict(known)
            for device, status, is_retained in batch:
                if device in new:
                    new[device] = _with_status(new[device], status, now_ms, is_retained=is_retained)
            tx.devices.save([one for name, one in new.items() if one != known[name]])
            return known, new

        known, new = await self._database.write(job)
        for unknown in sorted({device for device, _, _ in batch} - known.keys()):
            log.warning("status_of_unknown_device", device=unknown)
        if new != known:
            self._news.tell("devices")
        born = [device for device, status, is_retained in batch if status.state is LinkState.ONLINE and not is_retained]
        return [device for device in dict.fromkeys(born) if device in known]

    async def health(self, batch: Sequence[tuple[str, Health]]) -> None:
        """Stores the health of (device, health) in one transaction."""
        now_ms = self._clock.now_ms()
        latest = dict(batch)

        def job(tx: Tx) -> tuple[dict[str, Device], dict[str, Device]]:
            known = tx.devices.last_heard(latest.keys())
            new = {name: _with_health(one, latest[name], now_ms) for name, one in known.items()}
            tx.devices.save(list(new.values()))
            return known, new

        known, new = await self._database.write(job)
        for unknown in latest.keys() - known.keys():
            log.warning("health_of_unknown_device", device=unknown)
        if any(looks_different(known[name], new[name], now_ms) for name in known):
            self._news.tell("devices")

    async def command(self, device: str, kind: str, *, volume: float | None = None) -> Reply:
        """Sends `self_test`, `volume` (0-1) or `restart` and waits for the answer.

        Raises NotFound, Invalid, NoLink when nothing was sent, DeviceSilent when no answer came in time.
        """
        now_ms = self._clock.now_ms()
        command = _command(device, kind, volume, now_ms, now_ms + round(self._reply_timeout_s * 1000))
        await self._database.read(lambda tx: _found(tx, device))
        key = (device, command.id)
        self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._reply_timeout_s):
                expiry_s = payloads.expiry_s(command.valid_until_ms, now_ms)
                await self._publisher.to_device(device, "command", command.to_payload(), expiry_s=expiry_s)
                reply = await self._waiting[key]
        except PublishFailed as error:
            raise NoLink from error
        except TimeoutError as error:
            raise DeviceSilent(device=device) from error
        finally:
            del self._waiting[key]
        await self._learn(device, reply, volume)
        return reply

    async def delay(self, device: str, delay_ms: float, by: str) -> Device:
        """Has it play so much later than the others, or earlier below 0; told at once, or when it is back.

        Raises NotFound, Invalid.
        """
        if not abs(delay_ms) <= MOST_DELAY_MS:
            raise Invalid("delay_out_of_range", most=MOST_DELAY_MS)

        def job(tx: Tx) -> Device:
            new = replace(_found(tx, device), delay_ms=delay_ms)
            tx.devices.save([new])
            return new

        new = await self._database.write(job)
        log.info("delay_set", device=device, delay_ms=delay_ms, by=by)
        self._news.tell("devices")
        try:
            await self._settings.send([device])
        except PublishFailed:
            log.warning("delay_waits_for_the_link", device=device)
        return new

    def replied(self, device: str, reply: Reply) -> None:
        """Hands an answer to whoever waits for it; one that comes too late is dropped."""
        waiting = self._waiting.get((device, reply.command_id))
        if waiting is None:
            log.info("reply_that_nobody_awaits", device=device)
        elif not waiting.done():
            waiting.set_result(reply)

    async def _learn(self, device: str, reply: Reply, volume: float | None) -> None:
        """An answer is a sign of life, a self-test that was heard a proof, a volume that was set the volume."""
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> None:
            known = heard_from(_found(tx, device), now_ms, proved_by(reply.evidence, now_ms))
            known = concluded(known, now_ms, found(reply.evidence), now_ms)
            is_set = volume is not None and reply.is_ok
            tx.devices.save([replace(known, volume=volume) if is_set and volume is not None else known])

        await self._database.write(job)
        self._news.tell("devices")
        if volume is not None and reply.is_ok:
            await self._settings.send([device])


def _with_status(device: Device, status: Status, now_ms: int, *, is_retained: bool) -> Device:
    if status.state is LinkState.OFFLINE:
        is_current = device.session in ("", status.session)
        return replace(device, state=SAYS_OFFLINE, session=status.session) if is_current else device
    agent = status.agent or device.agent
    if not is_retained:
        return replace(device, state=SAYS_ONLINE, session=status.session, agent=agent, heard_ms=now_ms)
    if status.session == device.session and device.state not in (NO_STATE, SAYS_OFFLINE):
        return replace(device, agent=agent)
    return replace(device, state=UNCONFIRMED, session=status.session, agent=agent)


def _with_health(device: Device, health: Health, now_ms: int) -> Device:
    said = {Part.SPEAKER: health.speaker_proved_ms, Part.MICROPHONE: health.microphone_proved_ms}
    heard = heard_from(device, now_ms, {part: at_ms for part, at_ms in said.items() if at_ms is not None})
    finding = None if health.finding is None else Finding(health.finding.value)
    heard = concluded(heard, now_ms, finding, health.finding_at_ms)
    return replace(heard, clock_offset_ms=health.clock_offset_ms, outbox=health.outbox)


def _found(tx: Tx, device: str) -> Device:
    known = tx.devices.devices([device]).get(device)
    if known is None:
        raise NotFound(what="device", id=device)
    return known


def _command(
    device: str, kind: str, volume: float | None, now_ms: int, valid_until_ms: int
) -> Volume | SelfTest | Restart:
    if kind not in COMMANDS:
        raise Invalid("unknown_command", kind=kind, allowed="/".join(COMMANDS))
    head = {"to": device, "id": new_id(now_ms), "issued_ms": now_ms, "valid_until_ms": valid_until_ms}
    match kind:
        case "self_test":
            return SelfTest.model_validate(head)
        case "restart":
            return Restart.model_validate(head)
        case _:
            if volume is None or not 0 <= volume <= 1:
                raise Invalid("volume_out_of_range")
            return Volume.model_validate({**head, "volume": volume})
