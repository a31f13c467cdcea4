"""Receipts: states of one announcement that come close together travel in one message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from device_agent.core import effects
from device_agent.core.moment import Moment
from wire.messages import Evidence, Receipt, ReceiptState, StateAt

GATHER_MS = 500  # ten thousand devices answer one manifest: two or three messages each instead of five
GATHERED = frozenset({ReceiptState.RECEIVED, ReceiptState.VERIFIED, ReceiptState.READY})
"""All other states are told at once: somebody watches for the first sound, and an end must be on disk."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """States not told yet of one announcement, to go out at `due_ms` on the monotonic clock."""

    due_ms: int
    states: tuple[StateAt, ...]


@dataclass(frozen=True, slots=True)
class ReceiptsState:
    """By announcement id."""

    gathering: Mapping[str, Gathering] = field(default_factory=dict)


Result = tuple[ReceiptsState, list[effects.Effect]]


def reached(
    state: ReceiptsState,
    announcement_id: str,
    new: list[ReceiptState],
    now: Moment,
    *,
    at_ms: int | None = None,
    started_at_ms: int | None = None,
    evidence: Evidence | None = None,
    reason: str | None = None,
) -> Result:
    """The announcement reached these states, in this order, `at_ms` (Unix) or now; the rest goes with them."""
    before = state.gathering.get(announcement_id, Gathering(now.mono_ms + GATHER_MS, ()))
    stamp_ms = now.unix_ms if at_ms is None else at_ms
    states = (*before.states, *(StateAt(state=each, at_ms=stamp_ms) for each in new))
    if all(each in GATHERED for each in new):
        gathering = {**state.gathering, announcement_id: replace(before, states=states)}
        return replace(state, gathering=gathering), []
    receipt = Receipt(
        announcement_id=announcement_id,
        states=list(states),
        started_at_ms=started_at_ms,
        evidence=evidence,
        reason=None if reason is None else reason[:200],
    )
    return _without(state, announcement_id), [effects.SendReceipt(receipt)]


def tick(state: ReceiptsState, now: Moment) -> Result:
    """Send what was gathered long enough."""
    return _send(state, [key for key, each in state.gathering.items() if each.due_ms <= now.mono_ms])


def flush(state: ReceiptsState) -> Result:
    """Send everything that was gathered."""
    return _send(state, list(state.gathering))


def due(state: ReceiptsState) -> int | None:
    """When `tick` has something to send."""
    return min((each.due_ms for each in state.gathering.values()), default=None)


def _send(state: ReceiptsState, announcement_ids: list[str]) -> Result:
    todo: list[effects.Effect] = []
    for key in announcement_ids:
        states = list(state.gathering[key].states)
        todo.append(effects.SendReceipt(Receipt(announcement_id=key, states=states)))
        state = _without(state, key)
    return state, todo


def _without(state: ReceiptsState, announcement_id: str) -> ReceiptsState:
    rest = {key: each for key, each in state.gathering.items() if key != announcement_id}
    return replace(state, gathering=rest)
