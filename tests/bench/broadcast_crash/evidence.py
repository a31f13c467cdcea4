"""What came of one announcement at one loudspeaker: what its tape holds, against what was reported of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hub.domain.announcements import ENDS, Reached

Heard: TypeAlias = Mapping[int, list[float]]
"""The seconds of it on the tape, with the instants (Unix seconds) at which it would have begun for them."""
CLOSE_S = 0.06
"""Speakers in step are within this of the agreed instant: the simulated loudspeaker's block, and a busy machine."""
LOST_S = 1.3
"""What a killed loudspeaker had not written to its tape yet, and the rest of a second that was not whole."""
LEAST_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Aired:
    """One announcement: when it was to begin (Unix seconds), and how long it is."""

    id: str
    play_at_s: float
    span_s: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happened to a device's process: when it was killed, from when until when it stood still (Unix seconds), and
    by how much the clock was set that its reports go by.
    """

    kills: Sequence[float] = ()
    stalls: Sequence[tuple[float, float]] = ()
    set_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What the hub has of it: how far it came at this device, when (Unix ms, by state), and why it ended."""

    reached: Reached
    at_ms: Mapping[str, int]
    reason: str

    @property
    def is_end(self) -> bool:
        return self.reached in ENDS

    def is_final(self, trouble: Trouble) -> bool:
        """Whether nothing follows: one that was interrupted is played again, unless its process was killed since.

        In doubt of which clock that time is by, it was later: then it is only waited for longer.
        """
        since_s = self.at_ms.get(Reached.INTERRUPTED, 0) / 1000 - 1.0 + max(0.0, -trouble.set_s)
        is_cut = any(kill >= since_s for kill in trouble.kills)
        return self.is_end and (self.reached is not Reached.INTERRUPTED or is_cut)


@dataclass
class Verdicts:
    """What does not hold, each with the round, the device and the announcement; and what else happened how often."""

    silent: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    unreported: list[str] = field(default_factory=list)
    unended: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    off_ms: list[float] = field(default_factory=list)
    aired: int = 0
    played: int = 0
    killed_while_sounding: int = 0
    stood_still: int = 0
    interrupted: int = 0
    joined_late: int = 0
    played_after: int = 0

    def judge(self, name: str, one: Aired, report: Report, heard: Heard, trouble: Trouble, *, is_alone: bool) -> None:
        """`is_alone`: nothing else was announced in the round."""
        self.aired += 1
        self._note(report)
        sounded = [second for second, begins in heard.items() if begins]
        if not report.is_end:
            self.unended.append(f"{name} {report.reached}")
        if report.reached is Reached.PLAYED and not _is_whole(sounded, max(heard)):
            self.claimed.append(f"{name} {sounded} of {len(heard)}")
        if sounded and report.reached not in (Reached.PLAYED, Reached.INTERRUPTED, Reached.FAILED):
            self.unreported.append(f"{name} {report.reached}")
        allowed = 1 + (Reached.INTERRUPTED in report.at_ms)
        if any(len(begins) > allowed for begins in heard.values()):
            self.twice.append(f"{name} {dict(heard)}")
        is_cut_short = _was_cut_short(one, report, trouble)
        if len(sounded) < LEAST_SECONDS and not is_cut_short:
            self.silent.append(f"{name} {report.reached} {report.reason}")
        if report.reached in (Reached.FAILED, Reached.INTERRUPTED) and not is_cut_short:
            self.silent.append(f"{name} {report.reached} {report.reason}, and nobody touched it")
        if is_alone:
            self._in_step(name, one, heard)

    def _note(self, report: Report) -> None:
        self.played += report.reached is Reached.PLAYED
        self.stood_still += report.reached is Reached.FAILED and report.reason.endswith("did not sound")
        self.killed_while_sounding += report.reached is Reached.FAILED and report.reason.startswith("the device rest")
        self.interrupted += Reached.INTERRUPTED in report.at_ms

    def _in_step(self, name: str, one: Aired, heard: Heard) -> None:
        """It sounds where the others are, or whole when they are through."""
        begins = [each - one.play_at_s for several in heard.values() for each in several]
        together = [each for each in begins if abs(each) <= CLOSE_S]
        after = [each for each in begins if each >= one.span_s - CLOSE_S]
        self.off_ms += [abs(each) * 1000 for each in together]
        self.joined_late += bool(together) and not heard[min(heard)]
        self.played_after += bool(after)
        if len(together) + len(after) < len(begins):
            self.elsewhere.append(f"{name} {[round(each, 3) for each in begins]}")


def _is_whole(sounded: Sequence[int], last: int) -> bool:
    """Whether all of it was on the tape from where it began: who joins late has missed the beginning."""
    return bool(sounded) and list(range(min(sounded), last + 1)) == list(sounded)


def _was_cut_short(one: Aired, report: Report, trouble: Trouble) -> bool:
    """Whether its process was killed or stood still when it sounded, or after it was interrupted, or was killed before
    its tape was written.
    """
    slack_s = abs(trouble.set_s)
    started_s = report.at_ms.get(Reached.PLAYING, one.play_at_s * 1000) / 1000
    interrupted_ms = report.at_ms.get(Reached.INTERRUPTED)
    cuts = [(kill, kill) for kill in trouble.kills] + [(begin, end) for begin, end in trouble.stalls]
    since_s, until_s = started_s - 0.2 - slack_s, started_s + one.span_s + LOST_S + slack_s
    if report.reached is Reached.INTERRUPTED and interrupted_ms is not None:
        since_s, until_s = interrupted_ms / 1000 - LOST_S - slack_s, math.inf
    return any(since_s <= end and begin <= until_s for begin, end in cuts)


def report_of(row: tuple[str, str | Mapping[str, int], str]) -> Report:
    """From the hub's table."""
    reached, at_ms, reason = row
    return Report(Reached(reached), json.loads(at_ms) if isinstance(at_ms, str) else at_ms, reason)
