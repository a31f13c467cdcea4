"""Announcements on this device: from the manifest to the mixer, each begun at most once.

fetching -> ready -> handed -> started -> ended        and from each of them to ended
                               started <-> held        interrupted, and played again from its start
"""

from __future__ import annotations

from dataclasses import replace

from device_agent.core import effects, noise, quiet, receipts
from device_agent.core.admission import REMEMBERED_MS
from device_agent.core.effects import Step
from device_agent.core.known import Announcement, AnnouncementsState, Result, end, put, report, take_back
from device_agent.core.moment import Moment
from device_agent.core.noise import NoiseState
from device_agent.core.sounding import overdue, play
from device_agent.core.voice import LATE_SHARE
from wire.messages import Config, Manifest, ReceiptState

LEAD_MS = 1_000  # handed to the mixer so early: a disk that stalls for a moment does not delay the start
LOOK_MS = 500  # how often to look at what waits for the hub's time, or for its turn

UNBEGUN = (Step.FETCHING, Step.READY)
WAITING = (*UNBEGUN, Step.HANDED, Step.HELD)


def begin(rows: list[tuple[Manifest, Step]], now: Moment) -> Result:
    """After a start, from what is on disk: what has begun to sound is over, the rest goes on."""
    state, todo = AnnouncementsState(), list[effects.Effect]()
    for manifest, step in rows:
        state = put(state, Announcement(manifest, step))
        if step is Step.STARTED:
            reason = "the device restarted while it sounded"
            state, more = end(state, manifest.announcement_id, ReceiptState.FAILED, now, reason)
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
        return report(state, announcement_id, [ReceiptState.RECEIVED, ReceiptState.EXPIRED], now)
    if objection is not None:
        return refused(state, announcement_id, objection, now)
    state, todo = _fetch(state, message, now)
    return state, [effects.StoreManifest(message), *todo]


def refused(state: AnnouncementsState, announcement_id: str, reason: str, now: Moment) -> Result:
    """Something under this id was not trusted; an announcement that is known is not touched by it."""
    if announcement_id in state.known:
        return state, []
    return report(state, announcement_id, [ReceiptState.REJECTED], now, reason=reason)


def stop(state: AnnouncementsState, which: str, now: Moment) -> Result:
    """End this announcement, or with `all` every one; one that sounds is reported when the mixer has ended it."""
    todo: list[effects.Effect] = []
    for key, each in state.known.items():
        if which not in (key, "all"):
            continue
        if each.step is Step.STARTED:
            todo.append(effects.StopSound(key))
        elif each.step is not Step.ENDED:
            state, more = take_back(state, key, ReceiptState.STOPPED, now)
            todo += more
    return state, todo


def audio_ready(state: AnnouncementsState, sha256: str, config: Config | None, loud: NoiseState, now: Moment) -> Result:
    """The file is on disk: what waited for it is ready, and starts if its instant has come."""
    todo: list[effects.Effect] = []
    for key, each in state.known.items():
        if each.step is Step.FETCHING and each.manifest.audio_sha256 == sha256:
            state = put(state, replace(each, step=Step.READY))
            state, more = report(state, key, [ReceiptState.READY], now)
            todo += [effects.StoreStep(key, Step.READY), *more]
    state, more = tick(state, config, loud, now)
    return state, todo + more


def audio_failed(state: AnnouncementsState, sha256: str, reason: str, now: Moment) -> Result:
    """The file cannot be played; what has begun has it in memory."""
    todo: list[effects.Effect] = []
    for key, each in state.known.items():
        if each.step in (*UNBEGUN, Step.HANDED) and each.manifest.audio_sha256 == sha256:
            state, more = take_back(state, key, ReceiptState.FAILED, now, reason)
            todo += more
    return state, todo


def tick(state: AnnouncementsState, config: Config | None, loud: NoiseState, now: Moment) -> Result:
    """Start what is due and fits in, expire what is over, tell what was gathered, forget what is past."""
    gathered, todo = receipts.tick(state.receipts, now)
    state, more = overdue(replace(state, receipts=gathered), now)
    todo += more
    if not now.is_settled:
        return state, todo
    for each in [each for each in state.known.values() if each.step in WAITING]:
        state, more = _waiting(state, each, config, loud, now)
        todo += more
    return _forget(state, now, todo)


def due(state: AnnouncementsState, now: Moment) -> int | None:
    """When `tick` has something to do, on the monotonic clock.

    Until the hub's time is known the wall clock may be stepped at any moment, so nothing is computed from it.
    """
    known = state.known.values()
    instants = [receipts.due(state.receipts), *(each.overdue_ms for each in known if each.step is Step.STARTED)]
    for each in known:
        if each.step not in WAITING:
            continue
        if each.step not in UNBEGUN or not now.is_learned:
            instants.append(now.mono_ms + LOOK_MS)
        message = each.manifest
        unix_ms = message.play_at_ms - LEAD_MS if each.step is Step.READY else message.valid_until_ms + 1
        then = now.by(message.timeline)
        if then.is_learned:
            instants.append(max(now.mono_ms, now.mono_ms + unix_ms - then.unix_ms))
    return min((each for each in instants if each is not None), default=None)


def needed(state: AnnouncementsState) -> set[str]:
    """The hashes of the sounds that may still be played, however far ahead."""
    return {each.manifest.audio_sha256 for each in state.known.values() if each.step is not Step.ENDED}


def is_busy(state: AnnouncementsState, now: Moment, ahead_ms: int) -> bool:
    """Whether an announcement sounds here, waits for its turn, or is to sound within the next `ahead_ms`."""
    return any(
        each.step in (Step.HANDED, Step.STARTED, Step.HELD)
        or (each.step in UNBEGUN and each.manifest.play_at_ms - ahead_ms <= now.by(each.manifest.timeline).unix_ms)
        for each in state.known.values()
    )


def _waiting(
    state: AnnouncementsState, each: Announcement, config: Config | None, loud: NoiseState, now: Moment
) -> Result:
    """Take back what may not sound any more, hand over what is due."""
    message = each.manifest
    then = now.by(message.timeline)
    if then.unix_ms > message.valid_until_ms:
        return take_back(state, each.id, ReceiptState.EXPIRED, now) if then.is_learned else (state, [])
    if each.step is Step.FETCHING or then.unix_ms < message.play_at_ms - LEAD_MS:
        return state, []
    at_ms = now.unix_ms + max(0, message.play_at_ms - then.unix_ms)
    why = quiet.objection(config, message.priority, at_ms)
    why = why or noise.objection(loud, config, message, each.span_ms, at_ms, now)
    if why is not None:
        return take_back(state, each.id, ReceiptState.SUPPRESSED, now, why)
    if each.step is not Step.READY:
        return state, []
    return put(state, replace(each, step=Step.HANDED)), [play(each, _start_ms(each, then))]


def _fetch(state: AnnouncementsState, message: Manifest, now: Moment) -> Result:
    state = put(state, Announcement(message, Step.FETCHING))
    new = [ReceiptState.RECEIVED, ReceiptState.VERIFIED]
    state, todo = report(state, message.announcement_id, new, now)
    return state, [*todo, effects.FetchAudio(message.audio_sha256)]


def _start_ms(each: Announcement, now: Moment) -> float | None:
    """The agreed instant, at which a late device joins or waits for the repeat.

    Past a third of the last pass it plays all of it as soon as everybody else is through: the rest alone would tell
    nobody anything. None, which is now, when they are. All by the announcement's own timeline.
    """
    message = each.manifest
    through_ms = message.play_at_ms + each.span_ms
    if now.unix_ms >= through_ms:
        return None
    is_too_late = now.unix_ms > through_ms - message.duration_ms * (1 - LATE_SHARE)
    return through_ms if is_too_late and through_ms <= message.valid_until_ms else message.play_at_ms


def _is_past(message: Manifest, now: Moment) -> bool:
    """Whether nobody sends it any more, by whatever the hub's clock was set to in between."""
    return all(
        each.is_learned and each.unix_ms > message.valid_until_ms + REMEMBERED_MS
        for each in (now, now.by(message.timeline))
    )


def _forget(state: AnnouncementsState, now: Moment, todo: list[effects.Effect]) -> Result:
    """By the hub's time alone: forgotten too early, it could come again and be taken for a new one."""
    past = [key for key, each in state.known.items() if each.step is Step.ENDED and _is_past(each.manifest, now)]
    if past:
        todo = [*todo, *(effects.ForgetManifest(key) for key in past)]
        state = replace(state, known={key: each for key, each in state.known.items() if key not in past})
    return state, todo
