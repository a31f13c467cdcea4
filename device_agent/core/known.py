"""The announcements that this device knows of, how far each has come, and what is told of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from device_agent.core import effects, receipts
from device_agent.core.effects import Step
from device_agent.core.moment import Moment
from device_agent.core.receipts import ReceiptsState
from wire import messages
from wire.messages import Manifest, ReceiptState


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement; what was proved of its sound so far. `overdue_ms` is when, on the monotonic clock, a sound
    that has begun must be over. `is_clock_known`: when it began, the hub's time was known."""

    manifest: Manifest
    step: Step
    started_at_ms: int | None = None
    is_clock_known: bool = True
    overdue_ms: int | None = None
    played_at_ms: int | None = None
    evidence: messages.Evidence | None = None
    fault: str | None = None

    @property
    def id(self) -> str:
        return self.manifest.announcement_id

    @property
    def span_ms(self) -> int:
        """How long all its passes and the gaps between them take."""
        message = self.manifest
        return message.repeat * message.duration_ms + (message.repeat - 1) * message.gap_ms


@dataclass(frozen=True, slots=True)
class AnnouncementsState:
    """By announcement id; an ended one stays until it expires, so that it is not taken for a new one."""

    known: Mapping[str, Announcement] = field(default_factory=dict)
    receipts: ReceiptsState = field(default_factory=ReceiptsState)


Result: TypeAlias = tuple[AnnouncementsState, list[effects.Effect]]


def put(state: AnnouncementsState, each: Announcement) -> AnnouncementsState:
    """The state with this announcement as it is now."""
    return replace(state, known={**state.known, each.id: each})


def report(
    state: AnnouncementsState,
    key: str,
    new: list[ReceiptState],
    now: Moment,
    *,
    at_ms: int | None = None,
    reason: str | None = None,
) -> Result:
    """It reached these states, `at_ms` (Unix) or now; what was proved of its sound goes with them."""
    each = state.known.get(key)
    gathered, todo = receipts.reached(state.receipts, key, new, now, of=each, at_ms=at_ms, reason=reason)
    return replace(state, receipts=gathered), todo


def end(
    state: AnnouncementsState,
    key: str,
    how: ReceiptState,
    now: Moment,
    reason: str | None = None,
    at_ms: int | None = None,
) -> Result:
    """The receipt is on disk before the end is: after a crash in between, the end is found and told again."""
    state = put(state, replace(state.known[key], step=Step.ENDED))
    state, todo = report(state, key, [how], now, reason=reason, at_ms=at_ms)
    return state, [*todo, effects.StoreStep(key, Step.ENDED)]


def take_back(state: AnnouncementsState, key: str, how: ReceiptState, now: Moment, reason: str | None = None) -> Result:
    """End one that is not sounding, whoever has it; of one that was interrupted that was told already."""
    each = state.known[key]
    todo: list[effects.Effect] = [effects.StopSound(key)] if each.step in (Step.HANDED, Step.HELD) else []
    if each.step is Step.HELD:
        return put(state, replace(each, step=Step.ENDED)), [*todo, effects.StoreStep(key, Step.ENDED)]
    state, more = end(state, key, how, now, reason)
    return state, todo + more
