"""What a device concludes from the sound alone about its loudspeaker and microphone, and what that proves."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """What was found; all but the first and the last are faults."""

    FINE = "fine"  # 声音正常
    SILENT = "silent"  # 没有声音
    TOO_QUIET = "too_quiet"  # 声音太小
    DISTORTED = "distorted"  # 声音破了
    WRONG_AUDIO = "wrong_audio"  # 听到的是别的声音
    DEAD_MICROPHONE = "dead_microphone"  # 麦克风没有信号
    UNJUDGED = "unjudged"  # 太吵或太短，没法判断: neither heard nor a fault


FAULTS = frozenset(Finding) - {Finding.FINE, Finding.UNJUDGED}


def is_right(finding: Finding | None) -> bool:
    """Whether a sound that was heard proves its loudspeaker; devices of older versions conclude nothing."""
    return finding in (None, Finding.FINE)


def latest(known: tuple[Finding, int] | None, finding: Finding | None, at_ms: int | None) -> tuple[Finding, int] | None:
    """What is to be known after one more conclusion and when it was drawn; they may come late and in any order.

    What could not be judged is no news while a fault is known: a noisy hour mends nothing.
    """
    if finding is None or at_ms is None or (known is not None and at_ms <= known[1]):
        return known
    if finding is Finding.UNJUDGED and known is not None and known[0] in FAULTS:
        return known
    return finding, at_ms
