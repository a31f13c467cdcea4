"""Live announcements on this device: somebody speaks, frames come and sound, and it is told what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from device_agent.core import effects, noise, quiet, receipts
from device_agent.core.admission import REMEMBERED_MS
from device_agent.core.hearing import Evidence
from device_agent.core.moment import Moment
from device_agent.core.noise import NoiseState
from device_agent.core.receipts import ReceiptsState
from device_agent.core.sounding import on_the_wire, too_much_lost
from device_agent.core.sounds import Finished, Interrupted, Missed, SoundEvent, Started, Stopped
from wire import messages
from wire.messages import Config, Live, LiveEnd, ReceiptState

LEAST_MS = 1  # of the noise budget, for it to begin
GRACE_MS = 1_000  # after the last frame was due: then none has come in time


class LiveStep(Enum):
    """How far a live announcement has come; nothing of it is kept on disk, since it is over with its moment."""

    WAITING = "waiting"
    SOUNDING = "sounding"
    HELD = "held"  # interrupted; comes back where the speaker is by then
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LiveAnnouncement:
    """One live announcement. `until_ms` (Unix) is when it is given up if nothing has sounded by then."""

    message: Live
    until_ms: int
    step: LiveStep = LiveStep.WAITING
    started_at_ms: int | None = None
    played_at_ms: int | None = None
    evidence: messages.Evidence | None = None
    fault: str | None = None

    @property
    def is_clock_known(self) -> bool:
        """Frames are played by the hub's time alone (live_playback.py)."""
        return True


@dataclass(frozen=True, slots=True)
class LiveState:
    """By announcement id; an ended one stays until it expires, so that it is not begun anew."""

    known: Mapping[str, LiveAnnouncement] = field(default_factory=dict)
    receipts: ReceiptsState = field(default_factory=ReceiptsState)


Result = tuple[LiveState, list[effects.Effect]]


def begin(
    state: LiveState, message: Live, objection: str | None, config: Config | None, loud: NoiseState, now: Moment
) -> Result:
    """Somebody is about to speak; `objection` says why nobody here may listen. One that is known changes nothing.

    How long it will be nobody knows: it begins if anything is left of the noise budget, and is not cut off for it.
    """
    key = message.announcement_id
    if key in state.known:
        return state, []
    if objection is not None:
        new = [ReceiptState.RECEIVED, ReceiptState.EXPIRED] if objection == "expired" else [ReceiptState.REJECTED]
        return _report(state, key, new, now, reason=None if objection == "expired" else objection)
    state = _put(state, LiveAnnouncement(message, message.valid_until_ms))
    state, todo = _report(state, key, [ReceiptState.RECEIVED, ReceiptState.VERIFIED], now)
    why = quiet.objection(config, message.priority, now.unix_ms)
    why = why or noise.objection(loud, config, message, LEAST_MS, now.unix_ms, now)
    if why is not None:
        state, more = _end(state, key, ReceiptState.SUPPRESSED, now, why)
        return state, todo + more
    return state, [*todo, effects.OpenLive(message)]


def is_open(state: LiveState, key: str, now: Moment) -> Result:
    """Its frames would reach this device from now on."""
    each = state.known.get(key)
    if each is None or each.step is not LiveStep.WAITING:
        return state, []
    return _report(state, key, [ReceiptState.READY], now)


def end(state: LiveState, message: LiveEnd) -> Result:
    """The speaker has ended; what was said is played to its end, and what never came is not waited for."""
    each = state.known.get(message.announcement_id)
    if each is None or each.step is LiveStep.ENDED:
        return state, []
    until_ms = message.end_us // 1000 + each.message.delay_ms + GRACE_MS
    state = _put(state, replace(each, until_ms=min(each.until_ms, until_ms)))
    return state, [effects.EndLive(message.announcement_id, message.end_us)]


def stop(state: LiveState, which: str, now: Moment) -> Result:
    """End this one, or with `all` every one; one that sounds is reported when the mixer has ended it."""
    todo: list[effects.Effect] = []
    for key, each in state.known.items():
        if which not in (key, "all") or each.step is LiveStep.ENDED:
            continue
        if each.step in (LiveStep.SOUNDING, LiveStep.HELD):
            todo.append(effects.StopSound(key))
        else:
            state, more = _end(state, key, ReceiptState.STOPPED, now)
            todo += more
    return state, todo


def sounded(state: LiveState, event: SoundEvent, now: Moment) -> Result:
    """What the mixer says of live speech."""
    each = state.known.get(event.id)
    if each is None or each.step is LiveStep.ENDED:
        return state, []
    match event:
        case Started():
            return _started(state, each, event, now)
        case Finished() if (gap := too_much_lost(event)) is not None:
            return _end(state, event.id, ReceiptState.FAILED, now, gap)
        case Finished():
            at_ms = now.unix_of(event.dac_s)
            state = _put(state, replace(each, played_at_ms=at_ms))
            return _end(state, event.id, ReceiptState.PLAYED, now, each.fault, at_ms=at_ms)
        case Interrupted(by=by, played_s=played_s):
            reason = f"{by}, after {played_s:.1f} s"
            if not event.resumes:
                return _end(state, event.id, ReceiptState.INTERRUPTED, now, reason)
            state = _put(state, replace(each, step=LiveStep.HELD))
            return _report(state, event.id, [ReceiptState.INTERRUPTED], now, reason=reason)
        case Stopped() | Missed() if each.step is LiveStep.HELD:  # that it was interrupted was told
            return _put(state, replace(each, step=LiveStep.ENDED)), [effects.CloseLive(event.id)]
        case Stopped():
            return _end(state, event.id, ReceiptState.STOPPED, now)
        case Missed():
            return _end(state, event.id, ReceiptState.EXPIRED, now, "came too late to be played")


def judged(state: LiveState, key: str, evidence: Evidence, fault: str | None, now: Moment) -> Result:
    """What the microphone heard of its beginning: it goes with `played`, or after it."""
    each = state.known.get(key)
    if each is None:
        return state, []
    each = replace(each, evidence=on_the_wire(evidence), fault=fault)
    state = _put(state, each)
    if each.played_at_ms is None:
        return state, []
    return _report(state, key, [ReceiptState.PLAYED], now, at_ms=each.played_at_ms, reason=fault)


def tick(state: LiveState, now: Moment) -> Result:
    """Tell what was gathered, give up what nobody speaks in, forget what is past."""
    gathered, todo = receipts.tick(state.receipts, now)
    state = replace(state, receipts=gathered)
    for key, each in state.known.items():
        if each.step is LiveStep.WAITING and now.is_learned and now.unix_ms > each.until_ms:
            state, more = _end(state, key, ReceiptState.EXPIRED, now, "nothing was said")
            todo += more
    kept = {
        key: each
        for key, each in state.known.items()
        if each.step is not LiveStep.ENDED or now.unix_ms <= each.message.valid_until_ms + REMEMBERED_MS
    }
    return replace(state, known=kept), todo


def is_busy(state: LiveState) -> bool:
    """Whether somebody speaks, or is about to."""
    return any(each.step is not LiveStep.ENDED for each in state.known.values())


def due(state: LiveState, now: Moment) -> int | None:
    """When `tick` has something to do, on the monotonic clock."""
    instants = [each for each in [receipts.due(state.receipts)] if each is not None]
    waiting = [each.until_ms + 1 for each in state.known.values() if each.step is LiveStep.WAITING]
    if waiting and now.is_learned:
        instants.append(max(now.mono_ms, now.mono_ms + min(waiting) - now.unix_ms))
    return min(instants, default=None)


def _started(state: LiveState, each: LiveAnnouncement, event: Started, now: Moment) -> Result:
    """It is judged by its beginning: after an interruption the microphone is not asked again."""
    at_ms, key = now.unix_of(event.dac_s), event.id
    is_first = each.started_at_ms is None
    first_ms = at_ms if each.started_at_ms is None else each.started_at_ms
    state = _put(state, replace(each, step=LiveStep.SOUNDING, started_at_ms=first_ms))
    state, todo = _report(state, key, [ReceiptState.PLAYING], now, at_ms=at_ms)
    return state, [effects.Listen(key, event.dac_s, event.skipped_s), *todo] if is_first else todo


def _end(
    state: LiveState,
    key: str,
    how: ReceiptState,
    now: Moment,
    reason: str | None = None,
    at_ms: int | None = None,
) -> Result:
    state = _put(state, replace(state.known[key], step=LiveStep.ENDED))
    state, todo = _report(state, key, [how], now, reason=reason, at_ms=at_ms)
    return state, [*todo, effects.CloseLive(key)]


def _report(
    state: LiveState,
    key: str,
    new: list[ReceiptState],
    now: Moment,
    *,
    at_ms: int | None = None,
    reason: str | None = None,
) -> Result:
    each = state.known.get(key)
    gathered, todo = receipts.reached(
        state.receipts, key, new, now, of=each, at_ms=at_ms, reason=reason, gather_ms=receipts.LIVE_GATHER_MS
    )
    return replace(state, receipts=gathered), todo


def _put(state: LiveState, each: LiveAnnouncement) -> LiveState:
    return replace(state, known={**state.known, each.message.announcement_id: each})
