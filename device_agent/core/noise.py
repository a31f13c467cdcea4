"""The noise budget: how much a building may sound in a day, what it has sounded, and what does not fit any more.

Counted are announcements and live speech of every priority, as far as they sounded: the seconds from the first to the
last frame, pauses between repeats among them, times the level at which the loudspeaker played them (0-1: their own
volume, and below priority 224 the local one too). What goes over midnight counts for the day on which it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from device_agent.core import effects
from device_agent.core.effects import Step
from device_agent.core.known import Announcement
from device_agent.core.moment import Moment, zone_of
from device_agent.core.priorities import keeps_quiet
from device_agent.core.sounds import Finished, Interrupted, SoundEvent, Started, Stopped
from wire.messages import Config, Live, Manifest

AHEAD_MS = 1_000  # what sounds now may go on so long until it is looked again whether what waits still fits


@dataclass(frozen=True, slots=True)
class Noise:
    """What was sounded on `day` (ISO 8601, of the place), in ms at full level; kept on disk."""

    day: str
    used_ms: int


@dataclass(frozen=True, slots=True)
class NoiseState:
    """`sounding`: what sounds now, by id, with the instant of its first frame on the monotonic clock in ms."""

    kept: Noise | None = None
    sounding: Mapping[str, tuple[float, Manifest | Live]] = field(default_factory=dict)
    local_volume: float = 1.0


Result = tuple[NoiseState, list[effects.Effect]]


def begin(kept: Noise | None, rows: list[tuple[Manifest, Step]], config: Config | None, now: Moment) -> Result:
    """After a start, from what is on disk. What sounded when the agent ended counts for as long as it can have."""
    state = NoiseState(kept, local_volume=1.0 if config is None else config.volume)
    todo: list[effects.Effect] = []
    for manifest, step in rows:
        if step is not Step.STARTED:
            continue
        whole_ms = Announcement(manifest, step).span_ms
        then = now.by(manifest.timeline)
        since_ms = then.unix_ms - manifest.play_at_ms if then.is_learned else whole_ms
        state, todo = _count(state, min(whole_ms, max(0, since_ms)), manifest, config, now)
    return state, todo


def sounded(
    state: NoiseState, event: SoundEvent, message: Manifest | Live | None, config: Config | None, now: Moment
) -> Result:
    """What the mixer says; `message` is what the sound belongs to, None for one that does not count."""
    match event:
        case Started() if message is not None:
            return replace(state, sounding={**state.sounding, event.id: (event.dac_s * 1000, message)}), []
        case Finished() | Interrupted() | Stopped() if event.id in state.sounding:
            _, ended = state.sounding[event.id]
            rest = {key: each for key, each in state.sounding.items() if key != event.id}
            return _count(replace(state, sounding=rest), event.played_s * 1000, ended, config, now)
        case _:
            return state, []


def objection(
    state: NoiseState, config: Config | None, message: Manifest | Live, long_ms: int, at_ms: int, now: Moment
) -> str | None:
    """Why this must not begin at `at_ms` (Unix) and sound for `long_ms`, or None.

    Where the day is not known, since the hub's time or the time zone is not, everything may: too loud is better than
    unheard.
    """
    budget_s = None if config is None else config.noise_budget_s
    day = _day(config, at_ms) if now.is_learned else None
    if budget_s is None or day is None or not keeps_quiet(message.priority):
        return None
    used_ms = float(state.kept.used_ms) if state.kept is not None and state.kept.day == day else 0.0
    more_ms = long_ms * _level(state, message)
    for since_ms, each in state.sounding.values():
        used_ms += max(0.0, now.mono_ms - since_ms) * _level(state, each)
        more_ms += AHEAD_MS * _level(state, each)
    if used_ms + more_ms <= budget_s * 1000:
        return None
    return f"noise budget {budget_s / 60:g} min a day, {used_ms / 60_000:.1f} min used"


def _count(state: NoiseState, long_ms: float, message: Manifest | Live, config: Config | None, now: Moment) -> Result:
    """While the hub's time is not known it counts for the day that was last known."""
    kept = state.kept
    day = _day(config, now.unix_ms) if now.is_learned else None
    if day is None and kept is not None:
        day = kept.day
    if day is None:
        return state, []
    before_ms = kept.used_ms if kept is not None and kept.day == day else 0
    used_ms = before_ms + round(long_ms * _level(state, message))
    return replace(state, kept=Noise(day, used_ms)), [effects.StoreNoise(day, used_ms)]


def _level(state: NoiseState, message: Manifest | Live) -> float:
    return message.volume * (state.local_volume if keeps_quiet(message.priority) else 1.0)


def _day(config: Config | None, unix_ms: int) -> str | None:
    zone = None if config is None else zone_of(config.timezone)
    return None if zone is None else datetime.fromtimestamp(unix_ms / 1000, UTC).astimezone(zone).date().isoformat()
