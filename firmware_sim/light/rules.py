"""What a light device goes by: when it plays, repeats and comes back; pure functions."""

from __future__ import annotations

from random import Random

from wire.messages import Manifest

GATHER_S = 1.5
"""So long first states wait for each other, to travel in one receipt; as the real agent."""
FIRST_REPEAT_S, LONGEST_REPEAT_S = 1.0, 30.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 15.0
LATEST_JOIN = 1 / 3
"""Of a round: who is later waits for the next one (BROADCAST.md)."""
RADIO_TRIES = 3
"""A battery button sends so often before it sleeps again; nobody hears it meanwhile."""


def span_ms(manifest: Manifest) -> int:
    """How long all rounds take, with the gaps between them."""
    return manifest.repeat * manifest.duration_ms + (manifest.repeat - 1) * manifest.gap_ms


def plays_at(manifest: Manifest, now_ms: int) -> tuple[int, int]:
    """When a device that is ready at `now_ms` begins and ends, Unix ms: with the others, or after them."""
    end_ms = manifest.play_at_ms + span_ms(manifest)
    if now_ms <= manifest.play_at_ms:
        return manifest.play_at_ms, end_ms
    if now_ms < end_ms:
        round_ms = manifest.duration_ms + manifest.gap_ms
        rounds, into_ms = divmod(now_ms - manifest.play_at_ms, round_ms)
        if into_ms <= manifest.duration_ms * LATEST_JOIN:
            return now_ms, end_ms
        if rounds + 1 < manifest.repeat:
            return manifest.play_at_ms + (rounds + 1) * round_ms, end_ms
    begin_ms = max(now_ms, end_ms)
    return begin_ms, begin_ms + span_ms(manifest)


def repeat_after_s(sent: int) -> float:
    """The pause after a press was sent for the `sent`-th time."""
    return min(FIRST_REPEAT_S * 2.0 ** (sent - 1), LONGEST_REPEAT_S)


def back_after_s(tries: int, chance: Random) -> float:
    """The pause before connecting after so many failed tries; half of it at random, so that nobody marches in step."""
    return min(FIRST_WAIT_S * 2.0**tries, LONGEST_WAIT_S) * chance.uniform(0.5, 1.0)


def is_heard_by_radio(loss: float, chance: Random) -> bool:
    """Whether one of a battery button's tries arrives, each being lost with probability `loss`."""
    return any(chance.random() >= loss for _ in range(RADIO_TRIES))
