"""What the receipts of devices change: how far an announcement came in each building, and what was proved by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub.domain.announcements import ENDS, Evidence, Progress, Reached, further
from hub.domain.devices import LOST_AFTER_MS, SAYS_OFFLINE, SAYS_ONLINE, Device, Part, link, unproved
from hub.domain.findings import Finding, is_right, latest
from hub.services.ports import Tx
from wire import messages
from wire.messages import Receipt

MOST_OFF_MS = 60_000
"""A device whose time is so far from what can be has not learned the hub's: its times are not kept."""
HEARD_STEP_MS = 5_000
"""As exactly `heard_ms` is kept; a device counts as lost after nine times that."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a batch of receipts came to. `unknown` are the (announcement id, device) that nobody expected."""

    announcements: frozenset[str]
    unknown: tuple[tuple[str, str], ...]
    has_news_of_devices: bool


def store(tx: Tx, receipts: Sequence[tuple[str, Receipt]], now_ms: int) -> Stored:
    """Writes the receipts of (device, receipt); those that nobody expected change nothing."""
    known = tx.announcements.progress_of({(receipt.announcement_id, device) for device, receipt in receipts})
    proving = {device for device, receipt in receipts if _proof(receipt) is not None}
    alive = {device for device, _ in receipts} - proving
    new_alive = tx.devices.heard_again(alive, now_ms - LOST_AFTER_MS, now_ms - HEARD_STEP_MS, now_ms)
    devices = tx.devices.last_heard(proving.union(new_alive))
    before = dict(devices)
    changed: dict[tuple[str, str], Progress] = {}
    unknown: list[tuple[str, str]] = []
    for device, receipt in receipts:
        if device in devices:
            at_ms = max(one.at_ms for one in receipt.states)
            proof = _proof(receipt)
            heard = heard_from(devices[device], now_ms, proved_by(proof, at_ms))
            devices[device] = concluded(heard, now_ms, found(proof), at_ms)
        key = (receipt.announcement_id, device)
        progress = changed.get(key) or known.get(key)
        if progress is None:
            unknown.append(key)
        elif (new := merged(progress, receipt, now_ms)) != progress:
            changed[key] = new
    tx.announcements.save_progress([(announcement_id, progress) for (announcement_id, _), progress in changed.items()])
    others = [device for name, device in devices.items() if device != before[name]]
    tx.devices.save(others)
    has_news = any(looks_different(before[device.id], device, now_ms) for device in others)
    return Stored(frozenset(announcement_id for announcement_id, _ in changed), tuple(unknown), has_news)


def _proof(receipt: Receipt) -> messages.Evidence | None:
    """What was heard; nothing while nobody knows of when that is."""
    return receipt.evidence if receipt.is_clock_known else None


def merged(progress: Progress, receipt: Receipt, now_ms: int) -> Progress:
    """The progress with this receipt, read at `now_ms`, in it, whatever order receipts come in and however often.

    A state once reached keeps its first time, an end stays the end, what was heard stays heard. Before a device has
    learned the hub's time it tells its own clock's, which may be years off: such a time is not kept, nor one before
    the announcement was sent or after now (agents that do not say so), and the state stands without one.
    """
    reached, at_ms = progress.reached, dict(progress.at_ms)
    sent_ms = progress.at_ms.get(Reached.SENT)
    earliest_ms = 0 if sent_ms is None else sent_ms - MOST_OFF_MS

    def can_be(at: int) -> bool:
        return receipt.is_clock_known and earliest_ms <= at <= now_ms + MOST_OFF_MS

    states = [(Reached(one.state), one.at_ms) for one in receipt.states]
    for state, told_ms in states:
        if can_be(told_ms) and (state not in ENDS or further(reached, state) is state):
            at_ms.setdefault(state, told_ms)
        reached = further(reached, state)
    is_about_this = any(state is reached for state, _ in states)
    said, began = receipt.reason or "", receipt.started_at_ms
    return replace(
        progress,
        reached=reached,
        at_ms=at_ms,
        started_ms=began if began is not None and can_be(began) else progress.started_ms,
        reason=said if is_about_this and (said or reached is not progress.reached) else progress.reason,
        evidence=_better(progress.evidence, receipt.evidence),
    )


def heard_from(device: Device, now_ms: int, proofs: Mapping[Part, int]) -> Device:
    """The device after a sign of life at `now_ms`. A proof that claims to come from the future counts as of now.

    One that has said offline stays so until its next `online`: what it sent before may be read after its will.
    A sign of life soon after another one changes nothing, so that ten thousand devices need not be written each time.
    """
    proved = dict(device.proved_ms)
    for part, at_ms in proofs.items():
        proved[part] = max(proved.get(part, 0), min(at_ms, now_ms))
    state = SAYS_OFFLINE if device.state == SAYS_OFFLINE else SAYS_ONLINE
    is_soon = device.heard_ms is not None and 0 <= now_ms - device.heard_ms < HEARD_STEP_MS
    if is_soon and state == device.state and proved == device.proved_ms:
        return device
    return replace(device, state=state, heard_ms=device.heard_ms if is_soon else now_ms, proved_ms=proved)


def looks_different(known: Device, new: Device, now_ms: int) -> bool:
    """Whether a page would show the device otherwise; figures that creep are read when the page is."""
    was, now = ((link(one, now_ms), unproved(one, now_ms), one.finding) for one in (known, new))
    return was != now


def proved_by(evidence: messages.Evidence | None, at_ms: int) -> dict[Part, int]:
    """What a sound that was heard proves: the microphone, and the speaker that made it unless it sounded wrong."""
    if evidence is None or not evidence.heard:
        return {}
    if not is_right(found(evidence)):
        return {Part.MICROPHONE: at_ms}
    return {Part.SPEAKER: at_ms, Part.MICROPHONE: at_ms}


def found(evidence: messages.Evidence | None) -> Finding | None:
    """What the device concluded, if it did."""
    return None if evidence is None or evidence.finding is None else Finding(evidence.finding.value)


def concluded(device: Device, now_ms: int, finding: Finding | None, at_ms: int | None) -> Device:
    """The device after one more conclusion about its sound. One from the future counts as of now."""
    known = None if device.finding is None or device.finding_ms is None else (device.finding, device.finding_ms)
    new = latest(known, finding, None if at_ms is None else min(at_ms, now_ms))
    return device if new is None else replace(device, finding=new[0], finding_ms=new[1])


def _better(known: Evidence | None, new: messages.Evidence | None) -> Evidence | None:
    if new is None or (known is not None and known.is_heard):
        return known
    return Evidence(new.heard, new.correlation, new.lag_ms, new.level_dbfs, found(new))
