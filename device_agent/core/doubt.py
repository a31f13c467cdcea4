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
BASE_WAVERS_MS = 20  # a hub that reads its two clocks one after the other; speakers so far apart sound as one
PATIENCE_MS = 2_000  # then the hub is too busy to answer, and an elder has waited long enough


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits, when it came on the monotonic clock, and whether it contradicted the hub's time then."""

    message: messages.Signed
    came_ms: int
    is_contradicting: bool


@dataclass(frozen=True, slots=True)
class DoubtState:
    """What waits, in the order it came, and when the hub was last asked for its time because of a message.

    `set_ms` is when the hub said that its clock was set, as long as it has not told its time since.
    """

    held: tuple[Held, ...] = ()
    asked_ms: int | None = None
    set_ms: int | None = None


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
        bool(state.held) or is_contradicting or state.set_ms is not None or (is_overtaken and now.is_learned)
    )
    if is_held:
        state = replace(state, held=(*state.held, Held(message, now.mono_ms, is_contradicting)))
    is_old = not isinstance(message, messages.Config) and message.issued_ms < now.unix_ms - STEP_MS
    state, todo = ask(state, now) if is_held or is_old else (state, [])
    return state, [] if is_held else [message], todo


def clock_set(state: DoubtState, now: Moment) -> tuple[DoubtState, list[effects.Effect]]:
    """The hub says that its clock was set: until it has told its time, nothing that comes can be judged by it."""
    if not now.is_learned:
        return state, []
    return replace(state, asked_ms=now.mono_ms, set_ms=now.mono_ms), [effects.AskTime()]


def ask(state: DoubtState, now: Moment) -> tuple[DoubtState, list[effects.Effect]]:
    """Ask the hub for its time, unless that was done a moment ago; one that never told it is being asked anyway."""
    if not now.is_learned or (state.asked_ms is not None and now.mono_ms < state.asked_ms + ASK_EVERY_MS):
        return state, []
    return replace(state, asked_ms=now.mono_ms), [effects.AskTime()]


def told(state: DoubtState, asked_ms: int, now: Moment) -> tuple[DoubtState, list[messages.Signed]]:
    """The hub has told its time, asked then: what had come by then can be judged, and what contradicts it no more.

    What was asked before the hub's clock was set says nothing of its time now.
    """
    if state.set_ms is not None and asked_ms < state.set_ms:
        return state, []
    free = list(takewhile(lambda each: each.came_ms <= asked_ms or not _contradicts(each.message, now), state.held))
    return replace(state, held=state.held[len(free) :], set_ms=None), [each.message for each in free]


def tick(state: DoubtState, now: Moment) -> Result:
    """Ask for what could not be asked for yet. Where no answer comes, the newest of what waits tells the time.

    As before the hub's time is first known, the broker alone then judges what has expired.
    """
    due_ms = due(state)
    if due_ms is None or now.mono_ms < due_ms:
        return state, [], []
    if state.asked_ms is None or state.asked_ms < (_since_ms(state) or 0):
        state, todo = ask(state, now)
        return state, [], todo
    offsets_ms = [each.message.issued_ms - each.came_ms for each in state.held if each.is_contradicting]
    assumed: list[effects.Effect] = [effects.AssumeTime(max(offsets_ms))] if offsets_ms else []
    return replace(state, held=(), set_ms=None), [each.message for each in state.held], assumed


def due(state: DoubtState) -> int | None:
    """When `tick` has something to do, on the monotonic clock."""
    since_ms = _since_ms(state)
    if since_ms is None:
        return None
    if state.asked_ms is None:
        return since_ms
    return state.asked_ms + (PATIENCE_MS if state.asked_ms >= since_ms else ASK_EVERY_MS)


def _contradicts(message: messages.Signed, now: Moment) -> bool:
    return message.issued_ms > now.unix_ms + STEP_MS or message.valid_until_ms < now.unix_ms


def _since_ms(state: DoubtState) -> int | None:
    """Since when it is waited for the hub's word; it must have been asked after that."""
    if state.set_ms is not None:
        return state.set_ms
    return state.held[0].came_ms if state.held else None
