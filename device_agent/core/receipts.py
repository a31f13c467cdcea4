"""Receipts: states of one announcement that come close together travel in one message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from device_agent.core import effects
from device_agent.core.moment import Moment
from wire.messages import Evidence, Receipt, ReceiptState, StateAt

GATHER_MS = 1_500
"""Longer than it is from a manifest to its first sound when it is to be played at once: ten thousand devices then send
one message at the first sound and one at the end, and those that say `verified` need not pass 10,000 `playing`."""
LIVE_GATHER_MS = 500
"""Whoever is about to speak watches how many are ready."""
GATHERED = frozenset({ReceiptState.RECEIVED, ReceiptState.VERIFIED, ReceiptState.READY})
"""All other states are told at once: somebody watches for the first sound, and an end must be on disk."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """States not told yet of one announcement, to go out at `due_ms` on the monotonic clock.

    `is_clock_known` as in Receipt.
    """

    due_ms: int
    states: tuple[StateAt, ...]
    is_clock_known: bool = True


@dataclass(frozen=True, slots=True)
class ReceiptsState:
    """By announcement id."""

    gathering: Mapping[str, Gathering] = field(default_factory=dict)


class Proved(Protocol):
    """What was seen and heard of the sound that a receipt tells of. Times: Unix ms, the hub's if `is_clock_known`."""

    @property
    def started_at_ms(self) -> int | None: ...

    @property
    def played_at_ms(self) -> int | None: ...

    @property
    def is_clock_known(self) -> bool: ...

    @property
    def evidence(self) -> Evidence | None: ...


Result = tuple[ReceiptsState, list[effects.Effect]]


def reached(
    state: ReceiptsState,
    announcement_id: str,
    new: list[ReceiptState],
    now: Moment,
    *,
    of: Proved | None = None,
    at_ms: int | None = None,
    reason: str | None = None,
    gather_ms: int = GATHER_MS,
) -> Result:
    """The announcement reached these states, in this order, `at_ms` (Unix) or now.

    What is proved `of` its sound goes with them: evidence only once it was played to its end.
    """
    before = state.gathering.get(announcement_id, Gathering(now.mono_ms + gather_ms, ()))
    stamp_ms = now.unix_ms if at_ms is None else at_ms
    states = (*before.states, *(StateAt(state=each, at_ms=stamp_ms) for each in new))
    is_known = before.is_clock_known and now.is_learned and (of is None or of.is_clock_known)
    if all(each in GATHERED for each in new):
        gathered = replace(before, states=states, is_clock_known=is_known)
        gathering = {**state.gathering, announcement_id: gathered}
        return replace(state, gathering=gathering), []
    receipt = Receipt(
        announcement_id=announcement_id,
        states=list(states),
        started_at_ms=None if of is None else of.started_at_ms,
        evidence=None if of is None or of.played_at_ms is None else of.evidence,
        reason=None if reason is None else reason[:200],
        is_clock_known=is_known,
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
        each = state.gathering[key]
        receipt = Receipt(announcement_id=key, states=list(each.states), is_clock_known=each.is_clock_known)
        todo.append(effects.SendReceipt(receipt))
        state = _without(state, key)
    return state, todo


def _without(state: ReceiptsState, announcement_id: str) -> ReceiptsState:
    rest = {key: each for key, each in state.gathering.items() if key != announcement_id}
    return replace(state, gathering=rest)
