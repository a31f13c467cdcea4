"""How long an agent without a link waits before it tries again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from device_agent import hub_link
from device_agent.clock import DeviceClock
from device_agent.core.clock import PROBES, Estimate, Probe
from device_agent.hub_link import HubLink, Identity
from device_agent.mqtt import Incoming, Link, LinkLost, Outgoing
from device_agent.outbox import Outbox
from tests.device_agent.core.values import UNIX_MS, timeline
from tests.device_agent.test_outbox import press
from wire.messages import ClockProbe, Health, read
from wire.signing import SigningKey, VerifyKeys

FOR_EVER_S = 1e6
MS = 1_000_000
LEARNED_NS, BASE_NS = UNIX_MS * MS, (UNIX_MS - 3_600_000) * MS


class DeadLinks:
    """A `Links` whose broker is away; counts who asks."""

    def __init__(self) -> None:
        self.tries: asyncio.Queue[None] = asyncio.Queue()

    @asynccontextmanager
    async def connect(self, will: Outgoing | None) -> AsyncIterator[Link]:
        self.tries.put_nowait(None)
        raise LinkLost("the broker is away")
        yield


class CountingLink:
    """A `Link` to a hub that never answers; counts how often it was asked for its time."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_asked = asyncio.Event()

    async def publish(self, message: Outgoing) -> None:
        self.asked += 1
        if self.asked % PROBES == 0:
            self.is_asked.set()

    async def subscribe(self, topics: list[str]) -> None:
        pass

    async def unsubscribe(self, topic: str) -> None:
        pass

    async def messages(self) -> AsyncIterator[Incoming]:
        await asyncio.Event().wait()
        yield Incoming("", b"", {}, 0)


class AnsweringLink(CountingLink):
    """A `Link` to a hub whose clock was set by `set_ns[k]` at probe k, by the last of them from then on, and which
    names its timeline; the way takes `ways_ns[k]` there, and nothing back.
    """

    def __init__(self, set_ns: list[int], ways_ns: list[int]) -> None:
        super().__init__()
        self._set_ns, self._ways_ns = set_ns, ways_ns
        self.answers: dict[str, asyncio.Future[Probe]] = {}

    async def publish(self, message: Outgoing) -> None:
        probe = read(ClockProbe, message.payload)
        set_ns, way_ns = (given[min(self.asked, len(given) - 1)] for given in (self._set_ns, self._ways_ns))
        hub_ns = probe.sent_ns + way_ns + LEARNED_NS + set_ns
        self.answers[probe.nonce].set_result(
            Probe(probe.sent_ns, hub_ns, hub_ns, probe.sent_ns + way_ns, timeline(BASE_NS + set_ns))
        )
        await super().publish(message)


@pytest.fixture
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """Of an agent that has tried in vain for long."""
    monkeypatch.setattr(hub_link, "FIRST_WAIT_S", FOR_EVER_S)
    monkeypatch.setattr(hub_link, "LONGEST_WAIT_S", FOR_EVER_S)
    return Outbox(tmp_path / "outbox.db")


@asynccontextmanager
async def trying(outbox: Outbox) -> AsyncIterator[tuple[HubLink, DeadLinks]]:
    """A link that runs until the end of the block, and has tried once."""

    def health() -> Health:
        raise AssertionError("nobody is there to report to")

    links = DeadLinks()
    identity = Identity("building-17", VerifyKeys([SigningKey.generate().public_bytes]))
    link = HubLink(
        identity,
        links,
        outbox,
        DeviceClock(),
        lambda event: None,
        lambda sha256, data: None,
        lambda one, frame: None,
        health,
    )
    task = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(10):
            await links.tries.get()
            yield link, links
    finally:
        link.end()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_press_has_the_broker_looked_for_at_once(outbox: Outbox) -> None:
    async with trying(outbox) as (link, links):
        for _ in range(3):
            assert links.tries.empty()  # the pause has begun, and nothing but a press ends it
            link.hurry()
            await links.tries.get()


async def test_an_agent_that_was_restarted_knows_the_hubs_time_before_it_finds_its_hub(outbox: Outbox) -> None:
    outbox.store_estimate(Estimate(UNIX_MS * 1_000_000, 200_000, 0))
    async with trying(outbox) as (link, _):
        now = link._clock.at(5.0)
    assert (now.is_learned, now.unix_ms) == (True, UNIX_MS + 5_000)


async def test_a_hub_whose_time_is_in_doubt_is_asked_at_once(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_link, "PROBE_AGAIN_S", FOR_EVER_S)
    monkeypatch.setattr(hub_link, "PROBE_EVERY_S", FOR_EVER_S)
    monkeypatch.setattr(hub_link, "PROBE_PATIENCE_S", 0.0)
    monkeypatch.setattr(hub_link, "PROBE_PAUSE_S", (0.0, 0.0))
    async with trying(outbox) as (link, _):
        to_hub = CountingLink()
        learning = asyncio.create_task(link._learn_time(to_hub))
        for rounds in (1, 2, 3):
            await to_hub.is_asked.wait()
            to_hub.is_asked.clear()
            assert to_hub.asked == rounds * PROBES
            link.ask_time()
        learning.cancel()


@pytest.mark.parametrize(
    "set_ns",
    [
        [0],
        [-7_900 * MS],
        [0, 0, 0, 500 * MS],
        [-7_900 * MS, 7_900 * MS, 0, 3_600_000 * MS],
    ],
)
async def test_a_hubs_clock_that_is_set_costs_nothing_of_what_is_known_of_its_steady_one(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, set_ns: list[int]
) -> None:
    """The network is so slow that this round alone would be 20 ms wrong."""
    monkeypatch.setattr(hub_link, "PROBE_PAUSE_S", (0.0, 0.0))
    outbox.store_estimate(Estimate(LEARNED_NS, 100_000, DeviceClock().mono_ns(), timeline(BASE_NS)))
    async with trying(outbox) as (link, _):
        to_hub = AnsweringLink(set_ns, [40 * MS])
        to_hub.answers = link._answers
        await link._probe_round(to_hub)
        now = link._clock.at(5.0)
    assert now.unix_ms == (LEARNED_NS + set_ns[-1]) // MS + 5_000
    assert now.by(timeline(BASE_NS)).unix_ms == LEARNED_NS // MS + 5_000
    kept = outbox.estimate()
    assert kept is not None
    assert (kept.offset_ns, kept.error_ns) == (LEARNED_NS + set_ns[-1], 100_000)
    assert kept.timeline == timeline(BASE_NS + set_ns[-1])


async def test_while_a_press_waits_the_broker_is_looked_for_again_soon(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_link, "PRESS_WAIT_S", 0.001)
    outbox.store_press(press(0))
    async with trying(outbox) as (_, links):
        for _ in range(3):
            await links.tries.get()
