"""What the hub has not yet confirmed: presses are sent until `accepted` names them, and kept for 7 days after."""

from __future__ import annotations

from dataclasses import dataclass, replace

from device_agent.core import effects, ids
from device_agent.core.moment import Moment
from wire import messages

SILENCE_MS = 5_000  # without `accepted` for so long, the elder is told that the network does not work
TOLD_AGAIN_MS = 15_000  # nobody is left longer than this without a word (ALERTS.md)
FIRST_REPEAT_MS = 1_000
LONGEST_REPEAT_MS = 30_000
KEPT_MS = 7 * 24 * 3_600_000  # as long as a hub may need to be restored from its backup


@dataclass(frozen=True, slots=True)
class Waiting:
    """A press without `accepted`; times on the monotonic clock, `next_ms` for the next repeat."""

    press: messages.Press
    since_ms: int
    sent: int
    next_ms: int
    told_ms: int | None = None
    """When this press's turn to tell of the silence was, said or covered by another press of the button."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A press that the hub has accepted, and when the hub recorded it by its own clock."""

    press: messages.Press
    recorded_at_ms: int


@dataclass(frozen=True, slots=True)
class PressesState:
    """`restored_to_ms` is the newest restore of the hub for which presses were sent again."""

    salt: bytes
    next_seq: int = 0
    waiting: tuple[Waiting, ...] = ()
    kept: tuple[Kept, ...] = ()
    restored_to_ms: int | None = None


Result = tuple[PressesState, list[effects.Effect]]


def begin(
    salt: bytes,
    next_seq: int,
    waiting: list[messages.Press],
    kept: list[Kept],
    restored_to_ms: int | None,
    now: Moment,
) -> PressesState:
    """The state after a start, from what is on disk; what waits is due at once."""
    again = tuple(_waiting(press, now) for press in waiting)
    return PressesState(salt, next_seq, again, tuple(kept), restored_to_ms)


def pressed(state: PressesState, button: str, gesture: messages.Gesture, now: Moment, *, is_linked: bool) -> Result:
    """A gesture becomes a press: first on disk, then on its way."""
    press = messages.Press(
        press_id=ids.press_id(now.unix_ms, state.salt, state.next_seq),
        button=button,
        gesture=gesture,
        pressed_at_ms=now.unix_ms,
        seq=state.next_seq,
    )
    entry = _waiting(press, now)
    state = replace(state, next_seq=state.next_seq + 1, waiting=(*state.waiting, entry))
    state, sent = tick(state, now, is_linked=is_linked)
    return state, [effects.StorePress(press), *sent]


def accepted(state: PressesState, press_id: str, recorded_at_ms: int) -> Result:
    """The hub has it on disk; an `accepted` for a press that does not wait changes nothing."""
    named = [entry for entry in state.waiting if entry.press.press_id == press_id]
    if not named:
        return state, []
    rest = tuple(entry for entry in state.waiting if entry not in named)
    kept = (*state.kept, *(Kept(entry.press, recorded_at_ms) for entry in named))
    return replace(state, waiting=rest, kept=kept), [effects.PressAccepted(press_id, recorded_at_ms)]


def linked(state: PressesState, now: Moment) -> Result:
    """The broker is there again: everything that waits goes out at once."""
    due_now = tuple(replace(entry, sent=0, next_ms=now.mono_ms) for entry in state.waiting)
    return tick(replace(state, waiting=due_now), now, is_linked=True)


def restored(state: PressesState, restored_to_ms: int, now: Moment, *, is_linked: bool) -> Result:
    """The hub has lost what it recorded after `restored_to_ms`: those presses wait again, once a restore."""
    if state.restored_to_ms == restored_to_ms:
        return state, []
    lost = [entry for entry in state.kept if entry.recorded_at_ms > restored_to_ms]
    again = tuple(replace(_waiting(entry.press, now), told_ms=now.mono_ms) for entry in lost)
    state = replace(
        state,
        waiting=(*state.waiting, *again),
        kept=tuple(entry for entry in state.kept if entry not in lost),
        restored_to_ms=restored_to_ms,
    )
    marks = [effects.PressWaitsAgain(entry.press.press_id) for entry in lost]
    state, sent = tick(state, now, is_linked=is_linked)
    return state, [*marks, effects.KeepRestore(restored_to_ms), *sent]


def tick(state: PressesState, now: Moment, *, is_linked: bool) -> Result:
    """Send what is due, tell the truth about silence, and let go what was kept long enough."""
    todo: list[effects.Effect] = []
    waiting: list[Waiting] = []
    for entry in state.waiting:
        if is_linked and now.mono_ms >= entry.next_ms:
            todo.append(effects.PublishPress(entry.press))
            waiting.append(_sent(entry, now))
        else:
            waiting.append(entry)
    state, told = _tell_silence(replace(state, waiting=tuple(waiting)), now)
    state, forgotten = _let_go(state, now)
    return state, [*todo, *told, *forgotten]


def due(state: PressesState, *, is_linked: bool) -> int | None:
    """When `tick` has something to do for a waiting press."""
    repeats = [entry.next_ms for entry in state.waiting] if is_linked else []
    silences = [entry.since_ms + SILENCE_MS for entry in state.waiting if entry.told_ms is None]
    return min([*repeats, *silences], default=None)


def _waiting(press: messages.Press, now: Moment) -> Waiting:
    return Waiting(press, since_ms=now.mono_ms, sent=0, next_ms=now.mono_ms)


def _sent(entry: Waiting, now: Moment) -> Waiting:
    wait_ms = min(FIRST_REPEAT_MS << min(entry.sent, 8), LONGEST_REPEAT_MS)
    return replace(entry, sent=entry.sent + 1, next_ms=now.mono_ms + wait_ms)


def _tell_silence(state: PressesState, now: Moment) -> Result:
    """Tell once for all presses of a button that came close together."""
    last_told = {entry.press.button: entry.told_ms for entry in state.waiting if entry.told_ms is not None}
    waiting: list[Waiting] = []
    todo: list[effects.Effect] = []
    for entry in state.waiting:
        button = entry.press.button
        if entry.told_ms is not None or now.mono_ms < entry.since_ms + SILENCE_MS:
            waiting.append(entry)
            continue
        if button not in last_told or now.mono_ms - last_told[button] >= TOLD_AGAIN_MS:
            last_told[button] = now.mono_ms
            todo += _no_network(entry.press, now)
        waiting.append(replace(entry, told_ms=last_told[button]))
    return replace(state, waiting=tuple(waiting)), todo


def _no_network(press: messages.Press, now: Moment) -> list[effects.Effect]:
    told = effects.Told(press.button, None, None)
    return [
        effects.ShowLamp(press.button, effects.LampSays.SEARCHING),
        told,
        effects.SpeakPhrase(f"silence-{press.press_id}", effects.Phrase.NO_NETWORK, now.mono_ms + TOLD_AGAIN_MS, told),
    ]


def _let_go(state: PressesState, now: Moment) -> Result:
    before_ms = now.unix_ms - KEPT_MS
    if not now.is_learned or not any(entry.recorded_at_ms < before_ms for entry in state.kept):
        return state, []
    kept = tuple(entry for entry in state.kept if entry.recorded_at_ms >= before_ms)
    return replace(state, kept=kept), [effects.ForgetAccepted(before_ms)]
