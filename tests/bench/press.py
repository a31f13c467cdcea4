"""Presses, from the publish to the webhook: how fast, and that none is lost, whatever dies meanwhile.

    python -m tests.bench.press [--json] [--rounds 5] [--hanging ntfy]

The hub and a bare forwarder (tests/bench/forwarder.py) are measured alternately in the same run, each with its own
Mosquitto of the same configuration. Figures to hold: ALERTS.md.

With `--hanging` the hub has every channel (webhook, page and those of tests/world/services.py), each person is reached
through one of them, and the named service never answers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop

from hub.adapters.broker import HUB_USER, OwnBroker, add_login
from hub.adapters.broker.logins import hub_password
from hub.adapters.data_folder import DATABASE
from hub.setting_values import Endpoint
from tests.bench.report import Figure, median, percentile, show
from tests.world.button import Buttons, client
from tests.world.gateway import Gateway
from tests.world.hub_process import HubProcess
from tests.world.ports import free_port
from tests.world.services import ADDRESSES, Services, environment
from tests.world.waiting import wait_until

USER = "bench"
STREAM_S = 6.0
SLOW_S = 8.0
BURST = 1_000
ALL_HERE_S = 60.0
QUEUED = 5_000
DRAIN_S = 0.1
"""What the killed hub had sent arrives within this, and must not count as the new hub's; the restart waits for it."""


@dataclass
class Measured:
    """Seconds from publish to webhook of one stream, or to the last webhook of a burst."""

    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Way:
    """One of the two ways that are compared: where to publish, and where its webhooks come."""

    buttons: Buttons
    gateway: Gateway
    measured: Measured = field(default_factory=Measured)

    async def all_here(self, ids: Sequence[str], timeout_s: float = ALL_HERE_S) -> None:
        """Waits until each of these presses was named in a webhook."""
        seen = self.gateway.first_seen
        await wait_until(lambda: all(one in seen for one in ids), f"{len(ids)} webhooks", timeout_s)

    def delays(self, ids: Sequence[str]) -> list[float]:
        """Seconds from the publish of each to its first webhook."""
        return [self.gateway.first_seen[one] - self.buttons.sent[one] for one in ids]

    async def stream(self, name: str, rate_per_s: float, seconds: float) -> list[float]:
        """The delays of a stream."""
        ids = await self.buttons.stream(name, rate_per_s, seconds)
        await self.all_here(ids)
        return self.delays(ids)

    async def round(self, index: int) -> None:
        """One stream at 50/s and one burst."""
        delays = await self.stream(f"stream-{index}", 50, STREAM_S)
        self.measured.p50.append(percentile(delays, 0.5))
        self.measured.p99.append(percentile(delays, 0.99))
        began = time.monotonic()
        ids = await self.buttons.burst(f"burst-{index}", BURST)
        await self.all_here(ids)
        self.measured.last.append(max(self.gateway.first_seen[one] for one in ids) - began)


@dataclass(frozen=True)
class Desk:
    """The duty desk: closes what a measurement has opened, so that the next one is not measured under its load."""

    hub: HubProcess
    token: str

    async def give_contacts(self) -> None:
        """Each person gets one way out of the services', in turn."""
        async with self._session() as session:
            async with session.get("/api/v1/people") as answer:
                people = await answer.json()
            for person, (channel, address) in zip(people, itertools.cycle(ADDRESSES.items()), strict=False):
                body = {"contacts": [{"channel": channel.value, "address": address}]}
                async with session.put(f"/api/v1/people/{person['id']}/contacts", json=body) as answer:
                    answer.raise_for_status()

    async def close_all(self) -> None:
        """Every alert that is not closed, a few at a time."""
        async with self._session() as session:
            async with session.get("/api/v1/people") as answer:
                by = (await answer.json())[0]["id"]
            while ids := await self._not_closed(session):
                for start in range(0, len(ids), 20):
                    await asyncio.gather(*(self._close(session, one, by) for one in ids[start : start + 20]))

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.hub.url, headers={"Authorization": f"Bearer {self.token}"})

    async def _not_closed(self, session: aiohttp.ClientSession) -> list[str]:
        async with session.get("/api/v1/alerts?state=open&limit=200") as answer:
            return [one["id"] for one in await answer.json()]

    async def _close(self, session: aiohttp.ClientSession, alert_id: str, by: str) -> None:
        body = {"by": by, "outcome": "bench", "seen": "override", "reason": "bench"}
        async with session.post(f"/api/v1/alerts/{alert_id}/close", json=body) as answer:
            answer.raise_for_status()


@contextlib.asynccontextmanager
async def hub_way(folder: Path, hanging: str | None = None) -> AsyncIterator[tuple[Way, HubProcess, Desk]]:
    """A hub on the example community, with a client signed in; with `hanging` one that has every channel."""
    async with Gateway() as gateway, Services(hanging or "").serve() as services:
        settings = {"DONGDONG_DUTY_WEBHOOK": gateway.url, "DONGDONG_LOG_LEVEL": "warning"}
        hub = HubProcess(folder / "hub", settings if hanging is None else settings | environment(services))
        hub.dongdong("example")
        login = hub.dongdong("device", "add", USER, "--place", "building-17", "--json")
        token = hub.dongdong("token", "--role", "staff", "--json")["token"]
        await hub.start()
        desk = Desk(hub, token)
        try:
            if hanging is not None:
                await desk.give_contacts()
            async with client(hub.mqtt_port, login["user"], login["password"]) as connected:
                yield Way(Buttons(connected, USER), gateway), hub, desk
        finally:
            await hub.stop()


@contextlib.asynccontextmanager
async def forwarder_way(folder: Path) -> AsyncIterator[Way]:
    """A bare forwarder, with a client signed in to a broker like the hub's."""
    broker = OwnBroker(folder / "forwarder", Endpoint("127.0.0.1", free_port()))
    await broker.start()
    add_login(folder / "forwarder", USER, "bench")
    try:
        async with Gateway() as gateway:
            secret = hub_password(folder / "forwarder")
            arguments = ("-m", "tests.bench.forwarder", str(broker.port), HUB_USER, secret, gateway.url)
            process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
            assert process.stdout is not None
            await process.stdout.readline()
            try:
                async with client(broker.port, USER, "bench") as connected:
                    yield Way(Buttons(connected, USER), gateway)
            finally:
                process.kill()
                await process.wait()
    finally:
        await broker.stop()


async def compare(hub: Way, desk: Desk, forwarder: Way, rounds: int) -> list[Figure]:
    """The two ways in turn, so that a machine that grows slower is slow for both."""
    for way in (hub, forwarder):
        await way.stream("warm-up", 20, 2)
    for index in range(rounds):
        await desk.close_all()
        await hub.round(index)
        await desk.close_all()
        await forwarder.round(index)
    return [
        _ratio("50/s p50", hub.measured.p50, forwarder.measured.p50, 2.5),
        _ratio("50/s p99", hub.measured.p99, forwarder.measured.p99, 3.0),
        _ratio(f"burst of {BURST}, last webhook", hub.measured.last, forwarder.measured.last, 2.5),
    ]


def _ratio(name: str, ours: Sequence[float], bare: Sequence[float], most: float) -> Figure:
    ratio = median(ours) / median(bare)
    value = f"{1e3 * median(ours):.1f} ms / {1e3 * median(bare):.1f} ms = {ratio:.2f}"
    if max(bare) > 2 * min(bare) and ratio > most:
        return Figure(name, value, f"<= {most}; inconclusive: forwarder varies {max(bare) / min(bare):.1f}-fold", None)
    return Figure(name, value, f"<= {most}", ratio <= most)


async def slow_stream(way: Way) -> list[Figure]:
    """A quiet community: 5 presses a second."""
    delays = await way.stream("slow", 5, SLOW_S)
    value = f"p50 {1e3 * percentile(delays, 0.5):.1f} ms, p99 {1e3 * percentile(delays, 0.99):.1f} ms"
    return [Figure("5/s", value)]


async def killed(way: Way, hub: HubProcess, name: str, press: Callable[[], asyncio.Task[list[str]]]) -> list[Figure]:
    """kill -9 of the hub in the middle of `press`, and a new hub at once."""
    before = len(way.gateway.posts)
    pressing = press()
    await wait_until(lambda: len(way.gateway.posts) > before + 50, "the first webhooks")
    hub.kill()
    began = time.monotonic()
    await asyncio.sleep(DRAIN_S)
    at_kill = len(way.gateway.posts)
    await hub.start()
    ids = await pressing
    await way.all_here(ids)
    again_s = way.gateway.posts[at_kill][0] - began
    return [
        *lost_and_doubled(name, hub, ids),
        Figure(f"{name}: alert again after", f"{again_s:.2f} s", "<= 5 s", again_s <= 5),
    ]


def rows_of(hub: HubProcess, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Id, button and alert of those of these presses that are stored with an alert."""
    with contextlib.closing(sqlite3.connect(hub.data / DATABASE)) as database:
        rows = database.execute("SELECT press_id, button, alert_id FROM press WHERE alert_id IS NOT NULL").fetchall()
    wanted = set(ids)
    return [row for row in rows if row[0] in wanted]


def stored(hub: HubProcess, ids: Sequence[str]) -> int:
    """How many of these presses are stored."""
    return len({press_id for press_id, _, _ in rows_of(hub, ids)})


def lost_and_doubled(name: str, hub: HubProcess, ids: Sequence[str]) -> list[Figure]:
    """What the database says of these presses: stored at all, and one alert for each button."""
    mine, wanted = rows_of(hub, ids), set(ids)
    lost = len(wanted) - len({row[0] for row in mine})
    doubled = len({row[2] for row in mine}) - len({row[1] for row in mine})
    return [
        Figure(f"{name}: lost", f"{lost} of {len(wanted)}", "0", lost == 0),
        Figure(f"{name}: doubled", f"{doubled}", "0", doubled == 0),
    ]


async def queued_while_dead(way: Way, hub: HubProcess) -> list[Figure]:
    """Presses that the broker takes while there is no hub at all."""
    hub.kill()
    ids = await way.buttons.burst("queued", QUEUED)
    began = time.monotonic()
    await hub.start()
    await way.all_here(ids)
    # A press that waits long for the disk is told to people before it is stored (ALERTS.md, invariant 13).
    with contextlib.suppress(TimeoutError):
        await wait_until(lambda: stored(hub, ids) == QUEUED, "all are stored", ALL_HERE_S)
    name = f"{QUEUED} queued while the hub is dead"
    last_s = max(way.gateway.first_seen[one] for one in ids) - began
    return [*lost_and_doubled(name, hub, ids), Figure(f"{name}: last webhook after start", f"{last_s:.1f} s")]


async def gateway_refuses(way: Way, hub: HubProcess) -> list[Figure]:
    """A gateway that answers 503 for 5 s while presses go on."""
    way.gateway.status = 503
    pressing = asyncio.create_task(way.buttons.stream("refused", 20, 8))
    await asyncio.sleep(5)
    way.gateway.status = 200
    ids = await pressing
    await way.all_here(ids)
    return [
        *lost_and_doubled("gateway answers 503 for 5 s", hub, ids),
        Figure("gateway answers 503 for 5 s: longest delay", f"{max(way.delays(ids)):.1f} s"),
    ]


async def measure(rounds: int, hanging: str | None) -> list[Figure]:
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="dongdong-bench-") as name:
        folder = Path(name)
        async with hub_way(folder, hanging) as (way, hub, desk):
            async with forwarder_way(folder) as forwarder:
                figures = await slow_stream(way)
                figures += await compare(way, desk, forwarder, rounds)
            burst = lambda: asyncio.create_task(way.buttons.burst("kill-burst", 500))  # noqa: E731
            stream = lambda: asyncio.create_task(way.buttons.stream("kill-stream", 50, 8))  # noqa: E731
            figures += await killed(way, hub, "kill -9 in a burst of 500", burst)
            await desk.close_all()
            figures += await killed(way, hub, "kill -9 at 50/s", stream)
            await desk.close_all()
            figures += await queued_while_dead(way, hub)
            await desk.close_all()
            figures += await gateway_refuses(way, hub)
    return figures


def main() -> int:
    """Measures and shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", dest="is_json")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hanging", choices=[one.value for one in ADDRESSES])
    options = parser.parse_args()
    name = "Presses" if options.hanging is None else f"Presses, every channel configured, {options.hanging} hanging"
    return show(name, uvloop.run(measure(options.rounds, options.hanging)), is_json=options.is_json)


if __name__ == "__main__":
    sys.exit(main())
