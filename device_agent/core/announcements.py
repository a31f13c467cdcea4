"""Announcements on this device: from the manifest to the proof, each played at most once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from device_agent.core import effects, receipts
from device_agent.core.effects import Step
from device_agent.core.hearing import Evidence
from device_agent.core.moment import Moment
from device_agent.core.receipts import ReceiptsState
from device_agent.core.sounds import Finished, Interrupted, Missed, SoundEvent, Started, Stopped
from wire import messages
from wire.messages import Manifest, ReceiptState

LEAD_MS = 1_000  # handed to the mixer so early: a disk that stalls for a moment does not delay the start
REMEMBERED_MS = 600_000  # beyond expiry: a microphone may still be judging, a clock may be learned anew
UNSETTLED_MS = 500  # how often to look whether the hub's time is known by now


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement; what was proved of its sound so far."""

    manifest: Manifest
    step: Step
    started_at_ms: int | None = None
    played_at_ms: int | None = None
    evidence: messages.Evidence | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class AnnouncementsState:
    """By announcement id; an ended one stays until it expires, so that it is not taken for a new one."""

    known: Mapping[str, Announcement] = field(default_factory=dict)
    receipts: ReceiptsState = field(default_factory=ReceiptsState)


Result = tuple[AnnouncementsState, list[effects.Effect]]


def begin(rows: list[tuple[Manifest, Step]], now: Moment) -> Result:
    """After a start, from what is on disk: what may have sounded is over, the rest goes on."""
    state, todo = AnnouncementsState(), list[effects.Effect]()
    for manifest, step in rows:
        state = _put(state, Announcement(manifest, step))
        if step is Step.STARTED:
            state, more = _end(state, manifest.announcement_id, ReceiptState.FAILED, now, "restarted while playing")
            todo += more
        elif step is not Step.ENDED:
            state, more = _fetch(state, manifest, now)
            todo += more
    return state, todo


def manifest(state: AnnouncementsState, message: Manifest, objection: str | None, now: Moment) -> Result:
    """A verified manifest; `objection` says why it must not be obeyed.

    One that is known already came by two topics or was sent again: it changes nothing and is not reported,
    since a refusal would read as the end of the announcement that goes on.
    """
    announcement_id = message.announcement_id
    if announcement_id in state.known:
        return state, []
    if objection == "expired":
        return _report(state, announcement_id, [ReceiptState.RECEIVED, ReceiptState.EXPIRED], now)
    if objection is not None:
        return refused(state, announcement_id, objection, now)
    state, todo = _fetch(state, message, now)
    return state, [effects.StoreManifest(message), *todo]


def refused(state: AnnouncementsState, announcement_id: str, reason: str, now: Moment) -> Result:
    """Something under this id was not trusted; an announcement that is known is not touched by it."""
    if announcement_id in state.known:
        return state, []
    return _report(state, announcement_id, [ReceiptState.REJECTED], now, reason=reason)


def stop(state: AnnouncementsState, which: str, now: Moment) -> Result:
    """End this announcement, or with `all` every one; one that sounds is reported when the mixer has ended it."""
    todo: list[effects.Effect] = []
    for key, each in state.known.items():
        if which not in (key, "all") or each.step is Step.ENDED:
            continue
        if each.step is Step.STARTED:
            todo.append(effects.StopSound(key))
        else:
            state, more = _end(state, key, ReceiptState.STOPPED, now)
            todo += more
    return state, todo


def audio_ready(state: AnnouncementsState, sha256: str, now: Moment) -> Result:
    """The file is on disk: what waited for it is ready, and starts if its instant has come."""
    todo: list[effects.Effect] = []
    for key, each in state.known.items():
        if each.step is Step.FETCHING and each.manifest.audio_sha256 == sha256:
            state = _put(state, replace(each, step=Step.READY))
            state, more = _report(state, key, [ReceiptState.READY], now)
            todo += [effects.StoreStep(key, Step.READY), *more]
    state, more = tick(state, now)
    return state, todo + more


def audio_failed(state: AnnouncementsState, sha256: str, reason: str, now: Moment) -> Result:
    """The file cannot be played."""
    todo: list[effects.Effect] = []
    for key, each in state.known.items():
        if each.step is not Step.ENDED and each.manifest.audio_sha256 == sha256:
            state, more = _end(state, key, ReceiptState.FAILED, now, reason)
            todo += more
    return state, todo


def sounded(state: AnnouncementsState, event: SoundEvent, now: Moment) -> Result:
    """What the mixer says of an announcement that was handed to it."""
    each = state.known.get(event.id)
    if each is None or each.step is not Step.STARTED:
        return state, []
    match event:
        case Started():
            return _started(state, each, event, now)
        case Finished():
            at_ms = now.unix_of(event.dac_s)
            state = _put(state, replace(each, played_at_ms=at_ms))
            return _end(state, event.id, ReceiptState.PLAYED, now, each.fault, at_ms=at_ms)
        case Interrupted(by=by):
            return _end(state, event.id, ReceiptState.INTERRUPTED, now, by)
        case Stopped():
            return _end(state, event.id, ReceiptState.STOPPED, now)
        case Missed():
            return _end(state, event.id, ReceiptState.EXPIRED, now, "came too late to be played")


def judged(state: AnnouncementsState, key: str, evidence: Evidence | None, fault: str | None, now: Moment) -> Result:
    """What the microphone heard: it goes with `played`, or after it."""
    each = state.known.get(key)
    if each is None:
        return state, []
    each = replace(each, evidence=None if evidence is None else on_the_wire(evidence), fault=fault)
    state = _put(state, each)
    if each.played_at_ms is None:
        return state, []
    return _report(state, key, [ReceiptState.PLAYED], now, at_ms=each.played_at_ms, reason=fault)


def tick(state: AnnouncementsState, now: Moment) -> Result:
    """Start what is due, expire what is over, tell what was gathered, forget what is past."""
    gathered, todo = receipts.tick(state.receipts, now)
    state = replace(state, receipts=gathered)
    if not now.is_settled:
        return state, todo
    for key, each in state.known.items():
        is_past = now.unix_ms > each.manifest.valid_until_ms
        if each.step in (Step.FETCHING, Step.READY) and is_past:
            state, more = _end(state, key, ReceiptState.EXPIRED, now)
            todo += more
        elif each.step is Step.READY and now.unix_ms >= each.manifest.play_at_ms - LEAD_MS:
            state = _put(state, replace(each, step=Step.STARTED))
            todo += [effects.StoreStep(key, Step.STARTED), effects.Play(each.manifest, _start_ms(each, now))]
    return _forget(state, now, todo)


def due(state: AnnouncementsState, now: Moment) -> int | None:
    """When `tick` has something to do, on the monotonic clock."""
    instants = [each for each in [receipts.due(state.receipts)] if each is not None]
    waiting = [each for each in state.known.values() if each.step in (Step.FETCHING, Step.READY)]
    if waiting and not now.is_settled:
        instants.append(now.mono_ms + UNSETTLED_MS)
    elif waiting:
        unix_ms = min(
            each.manifest.play_at_ms - LEAD_MS if each.step is Step.READY else each.manifest.valid_until_ms + 1
            for each in waiting
        )
        instants.append(max(now.mono_ms, now.mono_ms + unix_ms - now.unix_ms))
    return min(instants, default=None)


def on_the_wire(evidence: Evidence) -> messages.Evidence:
    """The evidence as it goes into a receipt."""
    return messages.Evidence(
        heard=evidence.heard,
        correlation=min(1.0, max(0.0, evidence.correlation)),
        lag_ms=evidence.lag_ms,
        level_dbfs=evidence.level_dbfs,
    )


def _fetch(state: AnnouncementsState, message: Manifest, now: Moment) -> Result:
    state = _put(state, Announcement(message, Step.FETCHING))
    new = [ReceiptState.RECEIVED, ReceiptState.VERIFIED]
    state, todo = _report(state, message.announcement_id, new, now)
    return state, [*todo, effects.FetchAudio(message.audio_sha256)]


def _start_ms(each: Announcement, now: Moment) -> float | None:
    """The agreed instant; None, which is now, when everybody else is through and it is still valid."""
    message = each.manifest
    span_ms = message.repeat * message.duration_ms + (message.repeat - 1) * message.gap_ms
    return None if now.unix_ms >= message.play_at_ms + span_ms else message.play_at_ms


def _started(state: AnnouncementsState, each: Announcement, event: Started, now: Moment) -> Result:
    at_ms = now.unix_of(event.dac_s)
    state = _put(state, replace(each, started_at_ms=at_ms))
    state, todo = _report(state, event.id, [ReceiptState.PLAYING], now, at_ms=at_ms)
    return state, [effects.Listen(event.id, event.dac_s, event.skipped_s), *todo]


def _end(
    state: AnnouncementsState,
    key: str,
    end: ReceiptState,
    now: Moment,
    reason: str | None = None,
    at_ms: int | None = None,
) -> Result:
    """The receipt is on disk before the end is: after a crash in between, the end is found and told again."""
    state = _put(state, replace(state.known[key], step=Step.ENDED))
    state, todo = _report(state, key, [end], now, reason=reason, at_ms=at_ms)
    return state, [*todo, effects.StoreStep(key, Step.ENDED)]


def _report(
    state: AnnouncementsState,
    key: str,
    new: list[ReceiptState],
    now: Moment,
    *,
    at_ms: int | None = None,
    reason: str | None = None,
) -> Result:
    each = state.known.get(key)
    gathered, todo = receipts.reached(
        state.receipts,
        key,
        new,
        now,
        at_ms=at_ms,
        started_at_ms=None if each is None else each.started_at_ms,
        evidence=None if each is None or each.played_at_ms is None else each.evidence,
        reason=reason,
    )
    return replace(state, receipts=gathered), todo


def _forget(state: AnnouncementsState, now: Moment, todo: list[effects.Effect]) -> Result:
    past = [
        key
        for key, each in state.known.items()
        if each.step is Step.ENDED and now.unix_ms > each.manifest.valid_until_ms + REMEMBERED_MS
    ]
    if past:
        todo = [*todo, *(effects.ForgetManifest(key) for key in past)]
        state = replace(state, known={key: each for key, each in state.known.items() if key not in past})
    return state, todo


def _put(state: AnnouncementsState, each: Announcement) -> AnnouncementsState:
    return replace(state, known={**state.known, each.manifest.announcement_id: each})
