"""How far ahead the loudspeaker writes, on a stream of our own that has gaps when told."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

import pytest

from device_agent.core.mixer import Mixer
from device_agent.core.sounds import Pcm
from device_agent.hardware import alsa_speaker
from device_agent.hardware.alsa_speaker import BUFFER_S, AlsaSpeaker


class Card:
    """Opens streams; the first `gaps` blocks that are written are not heard whole. Then it takes `blocks` more."""

    def __init__(self, gaps: int, blocks: int) -> None:
        self.opened_s: list[float] = []
        self.gaps = gaps
        self.blocks = blocks
        self.is_through = threading.Event()

    def open(self, device: str, direction: str, latency_s: float) -> Stream:
        self.opened_s.append(latency_s)
        return Stream(self)


class Stream:
    """As AlsaStream."""

    period = 360

    def __init__(self, card: Card) -> None:
        self._card = card

    def next_heard_s(self) -> float | None:
        return None

    def write(self, pcm: Pcm) -> bool:
        assert len(pcm) == self.period
        if self._card.gaps:
            self._card.gaps -= 1
            return False
        self._card.blocks -= 1
        if self._card.blocks <= 0:
            self._card.is_through.set()
        return True

    def wait_for_room(self) -> bool:
        return True

    def close(self) -> None:
        pass


async def played(card: Card, monkeypatch: pytest.MonkeyPatch) -> AlsaSpeaker:
    """A loudspeaker that has written all the blocks to that card."""
    monkeypatch.setattr(alsa_speaker, "AlsaStream", card.open)
    speaker = AlsaSpeaker("any")
    task = asyncio.create_task(speaker.run(Mixer(), lambda events: None))
    assert await asyncio.to_thread(card.is_through.wait, 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return speaker


async def test_without_gaps_it_writes_no_further_ahead_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(gaps=0, blocks=50)
    assert (await played(card, monkeypatch)).underruns == 0
    assert card.opened_s == [BUFFER_S[0]]


async def test_after_each_gap_it_writes_further_ahead_up_to_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(gaps=5, blocks=50)
    assert (await played(card, monkeypatch)).underruns == 5
    assert card.opened_s == list(BUFFER_S)


async def test_long_without_a_gap_it_tries_the_least_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alsa_speaker, "CALM_S", 0.0)
    card = Card(gaps=1, blocks=50)
    await played(card, monkeypatch)
    assert card.opened_s == [BUFFER_S[0], BUFFER_S[1], BUFFER_S[0]]


async def test_it_plays_also_where_it_may_not_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[Callable[..., object]] = []

    def refuse(*arguments: object) -> None:
        refused.append(refuse)
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert (await played(Card(gaps=0, blocks=50), monkeypatch)).fault is None
    assert refused
