"""Announcements that the mixer has: what it says of them, what the microphone says, and when they are overdue."""

from __future__ import annotations

from dataclasses import replace

from device_agent.core import effects
from device_agent.core.effects import Step
from device_agent.core.hearing import Evidence
from device_agent.core.known import Announcement, AnnouncementsState, Result, end, put, report
from device_agent.core.moment import Moment
from device_agent.core.priorities import resumes
from device_agent.core.sounds import Finished, Interrupted, Missed, SoundEvent, Started, Stopped
from wire import messages
from wire.messages import ReceiptState

MOST_LOST_S = 0.25
"""A syllable: of what had a longer gap a word may be missing, and nobody may call it played."""
OVERDUE_MS = 30_000  # a sound card that is lost and comes back within this goes on with what it was playing


def sounded(state: AnnouncementsState, event: SoundEvent, now: Moment) -> Result:
    """What the mixer says of an announcement that was handed to it."""
    each = state.known.get(event.id)
    if each is None or each.step not in (Step.HANDED, Step.STARTED, Step.HELD):
        return state, []
    match event:
        case Started():
            return _started(state, each, event, now)
        case Finished() if (gap := too_much_lost(event)) is not None:
            return end(state, event.id, ReceiptState.FAILED, now, gap)
        case Finished():
            at_ms = now.unix_of(event.dac_s)
            state = put(state, replace(each, played_at_ms=at_ms))
            return end(state, event.id, ReceiptState.PLAYED, now, each.fault, at_ms=at_ms)
        case Interrupted():
            return _interrupted(state, each, event, now)
        case Stopped():
            return end(state, event.id, ReceiptState.STOPPED, now, _after(event.played_s))
        case Missed() if now.by(each.manifest.timeline).unix_ms <= each.manifest.valid_until_ms:
            return state, [play(each, None)]
        case Missed():
            return end(state, event.id, ReceiptState.EXPIRED, now, "came too late to be played")


def too_much_lost(event: Finished) -> str | None:
    """Why it must not be called played, since the loudspeaker or the whole device stood still; None if it may be."""
    return f"{event.lost_s:.1f} s of it did not sound" if event.lost_s > MOST_LOST_S else None


def play(each: Announcement, start_ms: float | None) -> effects.Play:
    """Hand it to the mixer, at this Unix time or (None) now."""
    return effects.Play(each.manifest, start_ms, resumes(each.manifest.priority))


def judged(state: AnnouncementsState, key: str, evidence: Evidence, fault: str | None, now: Moment) -> Result:
    """What the microphone heard: it goes with `played`, or after it."""
    each = state.known.get(key)
    if each is None:
        return state, []
    each = replace(each, evidence=on_the_wire(evidence), fault=fault)
    state = put(state, each)
    if each.played_at_ms is None:
        return state, []
    return report(state, key, [ReceiptState.PLAYED], now, at_ms=each.played_at_ms, reason=fault)


def overdue(state: AnnouncementsState, now: Moment) -> Result:
    """What has begun and does not come to its end, since the loudspeaker stands still, is told as that."""
    todo: list[effects.Effect] = []
    for key, each in state.known.items():
        if each.step is Step.STARTED and each.overdue_ms is not None and now.mono_ms >= each.overdue_ms:
            state, more = end(state, key, ReceiptState.FAILED, now, "the loudspeaker did not play it to its end")
            todo += [effects.StopSound(key), *more]
    return state, todo


def on_the_wire(evidence: Evidence) -> messages.Evidence:
    """The evidence as it goes into a receipt."""
    return messages.Evidence(
        heard=evidence.heard,
        correlation=min(1.0, max(0.0, evidence.correlation)),
        lag_ms=evidence.lag_ms,
        level_dbfs=evidence.level_dbfs,
        finding=evidence.finding,
    )


def _started(state: AnnouncementsState, each: Announcement, event: Started, now: Moment) -> Result:
    """Kept on disk first: from now on, and well before the first frame is heard, it is never begun again."""
    at_ms = now.unix_of(event.dac_s)
    overdue_ms = round(event.dac_s * 1000) + each.span_ms + OVERDUE_MS
    begun = replace(each, step=Step.STARTED, started_at_ms=at_ms, is_clock_known=now.is_learned, overdue_ms=overdue_ms)
    state = put(state, begun)
    state, todo = report(state, each.id, [ReceiptState.PLAYING], now, at_ms=at_ms)
    listen = effects.Listen(event.id, event.dac_s, event.skipped_s)
    return state, [effects.StoreStep(each.id, Step.STARTED), listen, *todo]


def _interrupted(state: AnnouncementsState, each: Announcement, event: Interrupted, now: Moment) -> Result:
    """Told at once, also when it will be played again: whoever looks meanwhile sees what is so."""
    reason = f"{event.by}, {_after(event.played_s)}"
    if not event.resumes:
        return end(state, each.id, ReceiptState.INTERRUPTED, now, reason)
    state = put(state, replace(each, step=Step.HELD))
    return report(state, each.id, [ReceiptState.INTERRUPTED], now, reason=reason)


def _after(played_s: float) -> str:
    """How far it got."""
    return f"after {played_s:.1f} s"
