"""The quiet sweep by which a building proves itself every night, while nobody else needs its loudspeaker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from device_agent.core import effects
from device_agent.core.hearing import Evidence
from device_agent.core.moment import Moment, zone_of
from device_agent.core.sounds import Finished, SoundEvent, Started
from wire.messages import Config, Finding

SPREAD_S = 3_600  # over which buildings begin: two neighbours of 70 sweep at the same time once in years
WINDOW_MS = 90 * 60_000  # from a building's own begin; what was not possible by then waits for the next night
MOST_TRIES = 3  # a night: one odd noise must not send a technician, and nobody be woken for a loudspeaker that is dead
AGAIN_MS = 600_000  # after a sweep that was not heard rightly
BUSY_MS = 60_000  # until it is looked again whether the loudspeaker is free


@dataclass(frozen=True, slots=True)
class Night:
    """How often was tried in the night whose test was planned for `planned_ms`; kept on disk before a sweep sounds."""

    planned_ms: int
    tries: int


@dataclass(frozen=True, slots=True)
class NightlyState:
    """`sounding` is the id of the sweep that sounds or is being judged; not before `wait_ms` (Unix) is another."""

    night: Night | None = None
    sounding: str | None = None
    wait_ms: int = 0


Result = tuple[NightlyState, list[effects.Effect]]


def tick(state: NightlyState, device: str, config: Config | None, now: Moment, *, is_free: bool) -> Result:
    """Begin the sweep if its time is now. A device that has not learned the time does not guess it."""
    planned_ms = _planned_ms(state, device, config, now)
    if planned_ms is None or now.unix_ms < max(planned_ms, state.wait_ms):
        return state, []
    if not is_free:
        return replace(state, wait_ms=now.unix_ms + BUSY_MS), []
    before = state.night.tries if state.night is not None and state.night.planned_ms == planned_ms else 0
    night = Night(planned_ms, before + 1)
    sound_id = f"night-{planned_ms}-{night.tries}"
    state = NightlyState(night, sound_id, now.unix_ms + AGAIN_MS)
    return state, [effects.StoreNight(night.planned_ms, night.tries), effects.PlaySweep(sound_id, is_quiet=True)]


def due(state: NightlyState, device: str, config: Config | None, now: Moment) -> int | None:
    """When `tick` has something to do, on the monotonic clock."""
    planned_ms = _planned_ms(state, device, config, now)
    return None if planned_ms is None else now.mono_ms + max(0, max(planned_ms, state.wait_ms) - now.unix_ms)


def sounded(state: NightlyState, event: SoundEvent) -> Result:
    """The sweep is listened to from its start; one that was cut short is tried again later."""
    if event.id != state.sounding or isinstance(event, Finished):
        return state, []
    if isinstance(event, Started):
        return state, [effects.Listen(event.id, event.dac_s, event.skipped_s)]
    return replace(state, sounding=None), []


def judged(state: NightlyState, sound_id: str, evidence: Evidence) -> Result:
    """What was heard rightly is enough for this night."""
    if sound_id != state.sounding or state.night is None:
        return state, []
    if evidence.finding is not Finding.FINE:
        return replace(state, sounding=None), []
    night = replace(state.night, tries=MOST_TRIES)
    return replace(state, night=night, sounding=None), [effects.StoreNight(night.planned_ms, night.tries)]


def _planned_ms(state: NightlyState, device: str, config: Config | None, now: Moment) -> int | None:
    """When the test of this night begins here, or of the next one if this one's is over or done."""
    if config is None or config.self_test_minute is None or not now.is_learned:
        return None
    zone = zone_of(config.timezone)
    if zone is None:
        return None
    today = datetime.fromtimestamp(now.unix_ms / 1000, UTC).astimezone(zone).date()
    at = time(config.self_test_minute // 60, config.self_test_minute % 60)
    for days in (-1, 0, 1, 2):
        begin = datetime.combine(today + timedelta(days=days), at, zone)
        planned_ms = round(begin.timestamp() * 1000) + own_ms(device)
        is_over = max(now.unix_ms, state.wait_ms) >= planned_ms + WINDOW_MS
        if not is_over and state.night != Night(planned_ms, MOST_TRIES):
            return planned_ms
    return None


def own_ms(device: str) -> int:
    """Where in the spread this device has its place, the same every night."""
    return int.from_bytes(hashlib.sha256(device.encode()).digest()[:4]) % (SPREAD_S * 1000)
