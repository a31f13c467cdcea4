"""An alert second by second: how it stood at each instant at which something happened, from what was written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub.domain.alerts import Entry, Stage, State, asks

SECOND_MS = 1_000
STATE_AFTER: Mapping[str, State] = {
    "opened": State.OPEN,
    "accepted": State.ACCEPTED,
    "acceptance_expired": State.OPEN,
    "reopened": State.OPEN,
    "arrived": State.ARRIVED,
    "closed": State.CLOSED,
    "acceptance_taken_back": State.OPEN,
    "arrival_taken_back": State.ACCEPTED,
    "closing_taken_back": State.OPEN,
}
"""What the journal's words make of the state; the others leave it, but for the acceptor's `withdrawn`."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the journal, in the order of which it was written."""

    at_ms: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody (None: the duty webhook) was asked over a channel. `sent_ms` is when that took it, None if never."""

    person_id: str | None
    channel: str
    asked_ms: int
    sent_ms: int | None


@dataclass(frozen=True, slots=True)
class Saying:
    """Something for the elder. `sent_ms` is None until the device's broker had it."""

    stage: Stage
    person_id: str | None
    minutes: int | None
    created_ms: int
    sent_ms: int | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One second in which something happened, as it stood at its end.

    `lines` are the positions of the journal's lines that came in it, `rung` that of the last `asked`. `asking` are the
    requests that were out while somebody was wanted, `saying` the last words for the elder; `presses` so far.
    """

    at_ms: int
    state: State
    acceptor_id: str | None
    lines: tuple[int, ...]
    rung: int | None
    asking: tuple[Request, ...]
    saying: Saying | None
    presses: int


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far the alert was, from the journal alone: `going` are those who went, of whom `needed` had to."""

    state: State = State.OPEN
    acceptor_id: str | None = None
    going: frozenset[str] = frozenset()
    needed: int = 1


def replay(
    journal: Sequence[Line], requests: Sequence[Request], sayings: Sequence[Saying], presses_ms: Sequence[int]
) -> list[Frame]:
    """The frames in order; a clock that was set back shows as lines that share a second."""
    lines_ms = _rising([one.at_ms for one in journal])
    asked_ms = [ms for one in requests for ms in (one.asked_ms, one.sent_ms) if ms is not None]
    said_ms = [ms for one in sayings for ms in (one.created_ms, one.sent_ms) if ms is not None]
    frames: list[Frame] = []
    at, rung, done = _Standing(), None, 0
    for second in sorted({ms // SECOND_MS for ms in (*lines_ms, *asked_ms, *said_ms, *presses_ms)}):
        end_ms, first = (second + 1) * SECOND_MS, done
        while done < len(journal) and lines_ms[done] < end_ms:
            entry = journal[done].entry
            at = _after(at, entry)
            rung = done if entry.what == "asked" else rung
            done += 1
        out = [one for one in requests if one.asked_ms < end_ms] if asks(at.state, len(at.going), at.needed) else []
        said = [one for one in sayings if one.created_ms < end_ms]
        frames.append(
            Frame(
                at_ms=second * SECOND_MS,
                state=at.state,
                acceptor_id=at.acceptor_id,
                lines=tuple(range(first, done)),
                rung=rung,
                asking=tuple(_as_of(one, end_ms) for one in out),
                saying=_said_by(said[-1], end_ms) if said else None,
                presses=sum(ms < end_ms for ms in presses_ms),
            )
        )
    return frames


def _after(at: _Standing, entry: Entry) -> _Standing:
    match entry.what:
        case "asked":
            needed = entry.detail.get("needed")
            return replace(at, needed=max(at.needed, needed)) if isinstance(needed, int) else at
        case "backup":
            return replace(at, going=at.going | {entry.actor})
        case "withdrawn" if entry.actor != at.acceptor_id:
            return replace(at, going=at.going - {entry.actor})
        case "withdrawn":
            return _Standing()
        case what if what not in STATE_AFTER:
            return at
    state = STATE_AFTER[entry.what]
    if state is State.OPEN:
        return _Standing()
    came = _who_came(entry)
    return replace(at, state=state, acceptor_id=came, going=at.going | {came}) if came else replace(at, state=state)


def _who_came(entry: Entry) -> str | None:
    """Whom the entry makes the acceptor; None where it leaves whoever was."""
    if entry.what == "arrived" and (shown := entry.detail.get("person_id")):
        return str(shown)
    return entry.actor if entry.what in ("accepted", "arrived") and entry.actor not in ("elder", "system") else None


def _rising(times: Sequence[int]) -> list[int]:
    """The same, none before the one that was written before it."""
    result: list[int] = []
    for at in times:
        result.append(max(at, result[-1] if result else at))
    return result


def _as_of(one: Request, end_ms: int) -> Request:
    is_sent = one.sent_ms is not None and one.sent_ms < end_ms
    return one if is_sent else Request(one.person_id, one.channel, one.asked_ms, None)


def _said_by(one: Saying, end_ms: int) -> Saying:
    is_sent = one.sent_ms is not None and one.sent_ms < end_ms
    return one if is_sent else Saying(one.stage, one.person_id, one.minutes, one.created_ms, None)
