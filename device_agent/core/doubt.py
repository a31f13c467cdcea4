"""Messages that contradict the hub's time as it is known here: they wait until the hub has told its time again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TypeAlias

from device_agent.core import effects
from device_agent.core.moment import Moment
from wire import messages

STEP_MS = 2_000  # a message is off by less for its way alone
ASK_EVERY_MS = 5_000  # at most: whoever repeats old messages must not keep device and hub busy
PATIENCE_MS = 2_000  # then the hub is too busy to answer, and an elder has waited long enough


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits, when it came on the monotonic clock, and whether it contradicted the hub's time then."""

    message: messages.Signed
    came_ms: int
    is_contradicting: bool


@dataclass(frozen=True, slots=True)
class DoubtState:
    """What waits, in the order it came, and when the hub was last asked for its time because of a message."""

    held: tuple[Held, ...] = ()
    asked_ms: int | None = None


Result: TypeAlias = tuple[DoubtState, list[messages.Signed], list[effects.Effect]]
"""With the messages that may be judged now, in their order."""


def came(state: DoubtState, message: messages.Signed, now: Moment, *, is_overtaken: bool = False) -> Result:
    """A verified message: one that is issued in the future or expired waits, and all after it, lest a stop overtake.

    One that is merely old is judged at once, since it may have waited in a queue, but it makes us ask. A retained
    configuration is old by nature; `accepted` is good news at any time. While the hub's time is not learned nothing
    waits: then a message knows better than we do. `is_overtaken`: one of its kind that was issued later was obeyed.
    """
    is_contradicting = _contradicts(message, now)
    if is_contradicting and not now.is_learned:
        return state, [message], [effects.AssumeTime(message.issued_ms - now.mono_ms)]
    is_held = not isinstance(message, messages.Accepted) and (
        bool(state.held) or is_contradicting or (is_overtaken and now.is_learned)
    )
    if is_held:
        state = replace(state, held=(*state.held, Held(message, now.mono_ms, is_contradicting)))
    is_old = not isinstance(message, messages.Config) and message.issued_ms < now.unix_ms - STEP_MS
    state, todo = ask(state, now) if is_held or is_old else (state, [])
    return state, [] if is_held else [message], todo


def ask(state: DoubtState, now: Moment) -> tuple[DoubtState, list[effects.Effect]]:
    """Ask the hub for its time, unless that was done a moment ago; one that never told it is being asked anyway."""
    if not now.is_learned or (state.asked_ms is not None and now.mono_ms < state.asked_ms + ASK_EVERY_MS):
        return state, []
    return replace(state, asked_ms=now.mono_ms), [effects.AskTime()]


def told(state: DoubtState, asked_ms: int, now: Moment) -> tuple[DoubtState, list[messages.Signed]]:
    """The hub has told its time, asked then: what had come by then can be judged, and what contradicts it no more."""
    free = list(takewhile(lambda each: each.came_ms <= asked_ms or not _contradicts(each.message, now), state.held))
    return replace(state, held=state.held[len(free) :]), [each.message for each in free]


def tick(state: DoubtState, now: Moment) -> Result:
    """Ask for what could not be asked for yet. Where no answer comes, the newest of what waits tells the time.

    As before the hub's time is first known, the broker alone then judges what has expired.
    """
    if not state.held or now.mono_ms < _due(state):
        return state, [], []
    if not _is_asked(state):
        state, todo = ask(state, now)
        return state, [], todo
    offsets_ms = [each.message.issued_ms - each.came_ms for each in state.held if each.is_contradicting]
    assumed: list[effects.Effect] = [effects.AssumeTime(max(offsets_ms))] if offsets_ms else []
    return replace(state, held=()), [each.message for each in state.held], assumed


def due(state: DoubtState) -> int | None:
    """When `tick` has something to do, on the monotonic clock."""
    return _due(state) if state.held else None


def _contradicts(message: messages.Signed, now: Moment) -> bool:
    timeline = message.timeline if isinstance(message, messages.Manifest) else None
    return message.issued_ms > now.unix_ms + STEP_MS or message.valid_until_ms < now.by(timeline).unix_ms


def _is_asked(state: DoubtState) -> bool:
    return state.asked_ms is not None and state.asked_ms >= state.held[0].came_ms


def _due(state: DoubtState) -> int:
    if state.asked_ms is None:
        return state.held[0].came_ms
    return state.asked_ms + (PATIENCE_MS if _is_asked(state) else ASK_EVERY_MS)
