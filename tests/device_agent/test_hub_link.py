"""How long an agent without a link waits before it tries again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from device_agent import hub_link
from device_agent.clock import DeviceClock
from device_agent.core import events
from device_agent.core.clock import PROBES, Estimate, Probe
from device_agent.hub_link import HubLink, Identity
from device_agent.mqtt import Incoming, Link, LinkLost, Outgoing
from device_agent.outbox import Outbox
from tests.device_agent.core.values import UNIX_MS
from tests.device_agent.test_outbox import press
from wire.messages import ClockProbe, Health, read
from wire.signing import SigningKey, VerifyKeys

FOR_EVER_S = 1e6


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
    """A `Link` to a hub whose clock is `ahead_ns[k]` ahead of the device's at probe k, the last of them from then on;
    the way takes `ways_ns[k]` there, and nothing back.
    """

    def __init__(self, ahead_ns: list[int], ways_ns: list[int]) -> None:
        super().__init__()
        self._ahead_ns, self._ways_ns = ahead_ns, ways_ns
        self.answers: dict[str, asyncio.Future[Probe]] = {}

    async def publish(self, message: Outgoing) -> None:
        probe = read(ClockProbe, message.payload)
        last = min(self.asked, len(self._ahead_ns) - 1)
        arrived_ns = probe.sent_ns + self._ways_ns[last]
        hub_ns = arrived_ns + self._ahead_ns[last]
        self.answers[probe.nonce].set_result(Probe(probe.sent_ns, hub_ns, hub_ns, arrived_ns))
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


MS, LEARNED_NS = 1_000_000, UNIX_MS * 1_000_000


@pytest.mark.parametrize(
    ("ahead_ns", "ways_ns", "steps_ms"),
    [
        ([LEARNED_NS], [40 * MS, 2 * MS, 1 * MS], []),  # a busy network is no step
        ([LEARNED_NS - 7_900 * MS], [1], [-7_900]),
        ([LEARNED_NS + 7_900 * MS] * 3, [40 * MS, 2 * MS, 1], [7_920, -19, -1]),  # known better and better
        ([LEARNED_NS] * 3 + [LEARNED_NS + 500 * MS], [1, 1, 1, 1], [500]),  # in the middle of the round
    ],
)
async def test_what_the_hubs_clock_was_set_by_is_told_once_in_all(
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
    ahead_ns: list[int],
    ways_ns: list[int],
    steps_ms: list[int],
) -> None:
    monkeypatch.setattr(hub_link, "PROBE_PAUSE_S", (0.0, 0.0))
    outbox.store_estimate(Estimate(LEARNED_NS, 100_000, DeviceClock().mono_ns()))
    async with trying(outbox) as (link, _):
        happened: list[events.Event] = []
        monkeypatch.setattr(link, "_post", happened.append)
        to_hub = AnsweringLink(ahead_ns, ways_ns)
        to_hub.answers = link._answers
        await link._probe_round(to_hub)
    assert [each.by_ms for each in happened if isinstance(each, events.TimeStepped)] == steps_ms
    told = [type(each) for each in happened]
    assert told.count(events.TimeTold) == PROBES
    if steps_ms:
        stepped = told.index(events.TimeStepped)
        assert stepped == 0 or stepped == 3  # before the answer that shows it is acted on
    kept = outbox.estimate()
    assert kept is not None
    assert abs(kept.offset_ns - ahead_ns[-1]) < MS


async def test_a_time_that_was_only_assumed_is_stepped_from(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_link, "PROBE_PAUSE_S", (0.0, 0.0))
    outbox.store_estimate(Estimate(LEARNED_NS, 100_000, DeviceClock().mono_ns()))
    async with trying(outbox) as (link, _):
        link._clock.assume(LEARNED_NS - 90_000 * MS)
        happened: list[events.Event] = []
        monkeypatch.setattr(link, "_post", happened.append)
        to_hub = AnsweringLink([LEARNED_NS], [1])
        to_hub.answers = link._answers
        await link._probe_round(to_hub)
    assert [each for each in happened if isinstance(each, events.TimeStepped)] == [events.TimeStepped(90_000)]


async def test_while_a_press_waits_the_broker_is_looked_for_again_soon(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_link, "PRESS_WAIT_S", 0.001)
    outbox.store_press(press(0))
    async with trying(outbox) as (_, links):
        for _ in range(3):
            await links.tries.get()
