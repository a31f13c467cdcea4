"""The settings of devices: what each is to have, and who has to be sent them, because they changed or grow old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

import structlog

from hub.domain import noise_budget, quiet_hours
from hub.domain.places import Spans, heard_at_each
from hub.services import payloads
from hub.services.many import for_each
from hub.services.pacing import PACE, PACE_S
from hub.services.ports import Clock, CommitFailed, Configured, Database, Publisher, PublishFailed, Tx
from wire.messages import Config

log = structlog.get_logger()

AT_ONCE = 200
LOOK_S = 3_600.0
"""How often it is looked for what nobody told of: settings that grow old, changes by other processes."""
AGAIN_S = 60.0
"""After a broker that did not take them; a new connection is looked at at once."""
RENEW_MS = payloads.CONFIG_VALID_MS // 2
"""Settings older than that are sent anew, long before they expire."""
DAY_MS = 86_400_000
"""As exactly it is kept when the same settings were sent last: devices that come and go need not be written."""
OF_THE_SENDING = {"id", "issued_ms", "valid_until_ms"}
"""What differs each time that the same settings are sent."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a device is to have, and what it was last sent."""

    config: Config
    digest: str
    last: Configured

    def is_sent(self, now_ms: int, within_ms: int) -> bool:
        """Whether it was sent exactly this so lately."""
        sent_ms = self.last.sent_ms
        return self.digest == self.last.sent_digest and sent_ms is not None and 0 <= now_ms - sent_ms < within_ms


class DeviceSettings:
    """Sends devices their settings, retained, and notes what the broker took."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        clock: Clock,
        are_people_waiting: Callable[[], bool] = lambda: False,
        *,
        self_test_minute: int | None = None,
        quiet_hours: Spans = (),
        noise_budget_min: int = noise_budget.NO_LIMIT,
    ) -> None:
        """`self_test_minute` is when devices prove themselves every night, in minutes after midnight; None: never.
        Between `quiet_hours` devices begin nothing below 224, and none after `noise_budget_min` minutes of sound a day,
        except where their place has its own."""
        self._database = database
        self._publisher = publisher
        self._clock = clock
        self._are_people_waiting = are_people_waiting
        self._self_test_minute = self_test_minute
        self.quiet_hours = quiet_hours
        self.noise_budget_min = noise_budget_min
        self._sending = asyncio.Lock()
        self._wake = asyncio.Event()

    def look(self) -> None:
        """Something may have changed, or the broker is reached anew: whoever has other settings gets theirs."""
        self._wake.set()

    async def run(self) -> None:
        """Keeps all devices up to date until cancelled."""
        pause_s = LOOK_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
            self._wake.clear()
            pause_s = LOOK_S
            try:
                await self.update()
            except PublishFailed as error:
                log.warning("settings_wait_for_the_link", reason=str(error))
                pause_s = AGAIN_S
            except Exception:
                log.exception("settings_not_looked_at")

    async def update(self) -> int:
        """Sends those whose settings are others than they were last sent, or grow old; how many that were.

        People who are to be notified come first. Raises PublishFailed.
        """
        now_ms = self._clock.now_ms()
        wanted = await self._database.read(lambda tx: self._wanted(tx, None, now_ms))
        left = [one.config.to for one in wanted if not one.is_sent(now_ms, RENEW_MS)]
        count = len(left)
        while left:
            is_crowded = self._are_people_waiting()
            some = left[: PACE if is_crowded else AT_ONCE]
            await self.send(some)
            left = left[len(some) :]
            if is_crowded:
                await asyncio.sleep(PACE_S)
        if count:
            log.info("settings_brought_up_to_date", devices=count)
        return count

    async def send(self, devices: Collection[str]) -> None:
        """Publishes the settings of these devices; raises PublishFailed when the broker did not take all of them.

        One call after the other, so that what a device gets last is what was read last.
        """
        async with self._sending:
            now_ms = self._clock.now_ms()
            wanted = await self._database.read(lambda tx: self._wanted(tx, devices, now_ms))
            failures = await for_each(wanted, self._publish)
            taken = [one for one, failure in zip(wanted, failures, strict=True) if failure is None]
            await self._note([one for one in taken if not one.is_sent(now_ms, DAY_MS)], now_ms)
        for failure in failures:
            if failure is not None:
                raise failure

    async def _publish(self, one: _Wanted) -> PublishFailed | None:
        payload, expiry_s = one.config.to_payload(), payloads.CONFIG_VALID_MS // 1000
        try:
            await self._publisher.to_device(one.config.to, "config", payload, expiry_s=expiry_s, is_retained=True)
        except PublishFailed as failure:
            return failure
        return None

    async def _note(self, sent: Sequence[_Wanted], now_ms: int) -> None:
        """What cannot be noted is only sent once more."""
        if not sent:
            return
        digests = {one.config.to: one.digest for one in sent}
        try:
            await self._database.write(lambda tx: tx.devices.note_configured(digests, now_ms))
        except CommitFailed:
            log.exception("settings_not_noted", devices=len(sent))

    def _wanted(self, tx: Tx, devices: Collection[str] | None, now_ms: int) -> list[_Wanted]:
        """What these devices are to have, or all: of ten thousand read and computed in less than a second."""
        known, community, places = tx.devices.configured(devices), tx.places.community(), tx.places.places()
        heard = heard_at_each(places, {one.place for one in known})
        quiet = {slug: quiet_hours.holding(places, slug, self.quiet_hours)[0] for slug in heard}
        budgets = {slug: noise_budget.holding(places, slug, self.noise_budget_min)[0] for slug in heard}
        wanted = []
        for one in known:
            buttons = tx.devices.buttons_of(one.id)
            config = payloads.config(
                one,
                community,
                heard[one.place],
                buttons,
                self._self_test_minute,
                quiet[one.place],
                budgets[one.place],
                now_ms,
            )
            wanted.append(_Wanted(config, _digest(config), one))
        return wanted


def _digest(config: Config) -> str:
    return sha256(config.model_dump_json(exclude=OF_THE_SENDING).encode()).hexdigest()
