"""What is announced: its kind and priority, what may be asked for, and what became of it in each building."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub.domain.errors import Invalid
from hub.domain.findings import Finding


class Kind(StrEnum):
    """The kinds that staff choose from."""

    ROUTINE = "routine"  # 日常通知
    NOTICE = "notice"  # 重要通知
    BLUE = "blue"  # 蓝色预警
    YELLOW = "yellow"  # 黄色预警
    ORANGE = "orange"  # 橙色预警
    RED = "red"  # 红色预警


PRIORITY: Mapping[Kind, int] = {
    Kind.ROUTINE: 60,
    Kind.NOTICE: 100,
    Kind.BLUE: 200,
    Kind.YELLOW: 223,
    Kind.ORANGE: 240,
    Kind.RED: 250,
}
"""The table of WIRE.md; 224 and above ignore quiet hours and the local volume."""


class Status(StrEnum):
    """Whether an announcement is meant, as CAP 1.2 names it. What is not says so before anything else."""

    ACTUAL = "actual"  # 真的
    EXERCISE = "exercise"  # 演习
    TEST = "test"  # 测试


UNREAL_PRIORITY = PRIORITY[Kind.ROUTINE]
"""Of every exercise and test, whatever its kind: nothing real ever waits for it or is interrupted by it, and quiet
hours, the noise budget and the local volume hold for it."""

MAX_CHARACTERS = 2_000
"""About seven minutes of speech; a longer text is no announcement but a document."""
MAX_REPEAT = 5
GAP_MS = 2_000
"""Silence between repeats."""
LEAD_MS, LEAD_MS_PER_S = 700, 20
"""From the publishing to the agreed instant, and more for each second of sound. Of 69 simulated devices on two cores
the last was ready after 0.3-0.54 s for 7 s of sound and 0.6 s for 24 s, and armed 0.15 s later. To decode a second
takes 6 ms of CPU there; smaller computers get three times that. An emergency
may take 1.5 s to the first sound."""
MAX_AHEAD_MS = 366 * 24 * 3_600_000
AGREED_MS = 10 * 60_000
"""What sounds within this is agreed with the devices as an instant: a clock that is set meanwhile does not move it, or
buildings that learn of that before others would sound apart. What is planned for later goes by the clock on the wall.
"""
PAST_TOLERANCE_MS = 5_000
"""A time chosen on a page may have gone by this long when the request arrives; then it is played now."""
VALID_AFTER_END_MS = 60_000
"""A device that comes back may still join until so long after the planned end."""
RED_WHISTLE = "red-whistle"
"""Who makes the calls for help of alerts; they end with their alert, or one by one."""
RED_WHISTLE_PRIORITY = 245
"""Between an orange and a red warning: an equal would wait behind a long one until it is valid no more, unheard."""


_WEIGHTLESS = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u2060\ufeff"))
"""What comes along when text is copied from web pages: nobody sees it, so nobody could find and remove it."""
_TURNING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069"
"""Turns the direction of writing: what stands on the screen would not be what is spoken."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An announcement as it was asked for and found good. `play_at_ms` None means at once."""

    text: str
    places: tuple[str, ...]
    kind: Kind
    repeat: int
    play_at_ms: int | None
    status: Status = Status.ACTUAL

    @property
    def priority(self) -> int:
        """That of its kind, if it is meant."""
        return PRIORITY[self.kind] if self.status is Status.ACTUAL else UNREAL_PRIORITY

    @property
    def chime(self) -> Kind:
        """The kind whose chime it has: an alarm would sound before the words that say that there is none."""
        return self.kind if self.status is Status.ACTUAL else Kind.ROUTINE


def checked(
    text: str,
    places: Iterable[str],
    kind: str,
    repeat: int,
    play_at_ms: int | None,
    now_ms: int,
    status: str = Status.ACTUAL.value,
) -> Wanted:
    """What can be announced; raises Invalid with a key that says what to change."""
    text = text.translate(_WEIGHTLESS).strip()
    if not text:
        raise Invalid("empty_text")
    if len(text) > MAX_CHARACTERS:
        raise Invalid("text_too_long", most=MAX_CHARACTERS, length=len(text))
    for character in text:
        category = unicodedata.category(character)
        if (category in ("Cc", "Cs", "Co", "Cn") and character not in "\n\r\t") or character in _TURNING:
            raise Invalid("control_character", code=f"U+{ord(character):04X}")
        if _is_picture(character):
            raise Invalid("unspeakable_character", character=character)
    if not any(character.isalnum() for character in text):
        raise Invalid("nothing_to_say")
    if kind not in Kind.__members__.values():
        raise Invalid("unknown_kind", kind=kind, allowed="/".join(Kind))
    if status not in Status.__members__.values():
        raise Invalid("unknown_status", status=status, allowed="/".join(Status))
    if not 1 <= repeat <= MAX_REPEAT:
        raise Invalid("repeat_out_of_range", most=MAX_REPEAT)
    if play_at_ms is not None and play_at_ms < now_ms - PAST_TOLERANCE_MS:
        raise Invalid("time_in_the_past")
    if play_at_ms is not None and play_at_ms > now_ms + MAX_AHEAD_MS:
        raise Invalid("time_too_far")
    return Wanted(text, tuple(dict.fromkeys(places)), Kind(kind), repeat, play_at_ms, Status(status))


def _is_picture(character: str) -> bool:
    """Emoji and other symbols; but ℃, ㎡ and their like are writing, and decompose into letters."""
    is_symbol = unicodedata.category(character) == "So" and character != "°"
    return (is_symbol and unicodedata.normalize("NFKC", character) == character) or character in "\u200d\ufe0f"


def total_ms(duration_ms: int, repeat: int) -> int:
    """How long all rounds and the gaps between them take."""
    return duration_ms * repeat + GAP_MS * (repeat - 1)


def lead_ms(duration_ms: int) -> int:
    """How long devices may take to fetch, decode and arm a sound of that length (one round)."""
    return LEAD_MS + duration_ms * LEAD_MS_PER_S // 1000


class Reached(StrEnum):
    """What became of an announcement at a device, as its receipts say."""

    SENT = "sent"  # published; nothing has come back, so nothing more is claimed
    RECEIVED = "received"
    VERIFIED = "verified"
    READY = "ready"
    PLAYING = "playing"
    PLAYED = "played"
    INTERRUPTED = "interrupted"
    SUPERSEDED = "superseded"
    SUPPRESSED = "suppressed"
    STOPPED = "stopped"
    EXPIRED = "expired"
    REJECTED = "rejected"
    FAILED = "failed"


_ORDER = {state: index for index, state in enumerate(Reached)}
ENDS = tuple(state for state in Reached if _ORDER[state] >= _ORDER[Reached.PLAYED])


def further(known: Reached, new: Reached) -> Reached:
    """The later of two states: receipts may arrive twice or late, and an end once reported stays.

    But what was interrupted may be played again from its start, and then was played after all.
    """
    if known is Reached.INTERRUPTED and new is Reached.PLAYED:
        return new
    return known if known in ENDS or _ORDER[new] <= _ORDER[known] else new


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the device's own microphone heard; correlation 0-1, lag in ms, level in dB of full scale."""

    is_heard: bool
    correlation: float
    lag_ms: float
    level_dbfs: float
    finding: Finding | None = None


class Ear(StrEnum):
    """What is known of the sound of an announcement that was played: that alone says nothing."""

    HEARD = "heard"
    UNHEARD = "unheard"  # its microphone listened and did not hear it
    UNJUDGED = "unjudged"  # too much noise: neither
    UNKNOWN = "unknown"  # nothing has come of a microphone


@dataclass(frozen=True, slots=True)
class Progress:
    """One device's part in an announcement. `at_ms` is when it reached each state, by the device's clock."""

    device: str
    place: str
    reached: Reached
    at_ms: Mapping[Reached, int]
    started_ms: int | None = None
    reason: str = ""
    evidence: Evidence | None = None

    @property
    def is_heard(self) -> bool:
        """Played, and its own microphone heard it: two facts, both observed."""
        return self.ear is Ear.HEARD

    @property
    def ear(self) -> Ear | None:
        """What is known of its sound; None for one that was not played."""
        if self.reached is not Reached.PLAYED:
            return None
        if self.evidence is None:
            return Ear.UNKNOWN
        if self.evidence.is_heard:
            return Ear.HEARD
        return Ear.UNJUDGED if self.evidence.finding is Finding.UNJUDGED else Ear.UNHEARD


@dataclass(frozen=True, slots=True)
class Totals:
    """Three different things, each observed by itself: how many devices it was sent to, played it, were heard."""

    sent: int
    played: int
    heard: int


def totals(parts: Sequence[tuple[Progress, int]]) -> Totals:
    """How many devices have come that far, given how many parts are alike.

    One that reports anything has been sent it, whoever noted that.
    """
    return Totals(
        sent=sum(count for one, count in parts if one.reached is not Reached.SENT or Reached.SENT in one.at_ms),
        played=sum(count for one, count in parts if one.reached is Reached.PLAYED),
        heard=sum(count for one, count in parts if one.is_heard),
    )
