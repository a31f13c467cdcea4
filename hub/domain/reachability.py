"""Whether somebody can be reached just now (联系得上): what is known, and from what. What is not known is unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hub.domain.people import ChannelName

HOUR_MS = 3_600_000
TELLING_MS = 12 * HOUR_MS
"""An answer or a failure older than this says nothing of now: people sleep, gateways are mended."""
WITHOUT_SHIFT_MS = 12 * HOUR_MS
"""So long holds what somebody says who has no shift to hold it for."""


class Reach(StrEnum):
    """What is known. UNKNOWN is never shown as reachable, and hastens nothing."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """From what it is known."""

    HERE = "here"  # 我在, tapped for this shift
    ANSWERED = "answered"  # a request was answered lately
    PAGE_OPEN = "page_open"
    PROBED = "probed"  # a channel says so
    AWAY = "away"  # 不在, tapped
    NO_CHANNEL = "no_channel"  # none of their channels is configured
    PROBE_FAILED = "probe_failed"
    ALL_FAILED = "all_failed"  # the last notification failed on every channel
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of themselves (我在, 不在) at `said_ms`, and until when it holds."""

    is_here: bool
    said_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the last notification on one channel."""

    is_taken: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Signs:
    """All that points to whether one person can be reached. `probes` holds only channels that can tell just now."""

    channels: frozenset[ChannelName]
    said: Said | None = None
    answered_ms: int | None = None
    outcomes: Mapping[ChannelName, Outcome] = field(default_factory=dict)
    probes: Mapping[ChannelName, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reachability:
    """What is known of one person, and why."""

    reach: Reach
    why: Why


def reachability(signs: Signs, configured: Collection[ChannelName], now_ms: int) -> Reachability:
    """The newest word of the person counts most, then what channels show now, then what became of the last requests.

    A closed page says nothing: it may be opened by the next sound. So pages count only while they are open.
    """
    usable = signs.channels & frozenset(configured)
    if not usable:
        return Reachability(Reach.UNREACHABLE, Why.NO_CHANNEL)
    word = _word(signs, now_ms)
    failed_ms = _failed_ms(signs, usable - {ChannelName.PAGE}, now_ms)
    if word is not None and word[1] is Why.AWAY:
        return Reachability(Reach.UNREACHABLE, Why.AWAY)
    if ChannelName.PAGE in usable and signs.probes.get(ChannelName.PAGE):
        return Reachability(Reach.REACHABLE, Why.PAGE_OPEN)
    if word is not None and (failed_ms is None or word[0] >= failed_ms):
        return Reachability(Reach.REACHABLE, word[1])
    told = [signs.probes.get(one) for one in usable - {ChannelName.PAGE}]
    if any(told):
        return Reachability(Reach.REACHABLE, Why.PROBED)
    if told and all(one is False for one in told):
        return Reachability(Reach.UNREACHABLE, Why.PROBE_FAILED)
    if failed_ms is not None:
        return Reachability(Reach.UNREACHABLE, Why.ALL_FAILED)
    return Reachability(Reach.UNKNOWN, Why.NOTHING)


def _word(signs: Signs, now_ms: int) -> tuple[int, Why] | None:
    """The last thing that the person themselves said or did, when it still counts."""
    words: list[tuple[int, Why]] = []
    if signs.said is not None and now_ms < signs.said.until_ms:
        words.append((signs.said.said_ms, Why.HERE if signs.said.is_here else Why.AWAY))
    if signs.answered_ms is not None and now_ms - signs.answered_ms < TELLING_MS:
        words.append((signs.answered_ms, Why.ANSWERED))
    return max(words, key=lambda one: one[0], default=None)


def _failed_ms(signs: Signs, channels: Collection[ChannelName], now_ms: int) -> int | None:
    """When the last of all these channels failed; None when one of them took its last, or nothing is known of one."""
    outcomes = [signs.outcomes.get(one) for one in channels]
    failed = [one.at_ms for one in outcomes if one is not None and not one.is_taken and now_ms - one.at_ms < TELLING_MS]
    return max(failed) if failed and len(failed) == len(outcomes) else None
