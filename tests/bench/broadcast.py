"""An announcement: from the click to the first sound at the last of 69 buildings, in step, and taking over.

    python -m tests.bench.broadcast [--json] [--rounds 5] [--only buildings|alsa]

`buildings`: the hub with its broker and the simulator run as processes of their own; texts, kinds and places are what
staff would send. The first sound is what each building's receipt says (its loudspeaker's clock); the offsets are
computed from what the simulated loudspeakers recorded, which tests the arithmetic only. An emergency is held for a
second person: the click that counts is theirs, once it is spoken and held. `alsa`: real agents on real
ALSA streams, see in_step. Figures to hold: BROADCAST.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop

from firmware_sim.fleet import Fleet, load
from firmware_sim.recordings import Match, matches
from hub import settings
from hub.commands.community_of_demo import Demo, prepare
from hub.setting_values import Endpoint
from tests.bench import in_step
from tests.bench.report import Figure, median, percentile, show
from tests.world.api import Api
from tests.world.hub_process import HubProcess
from tests.world.ports import free_port
from tests.world.processes import MARK, running
from tests.world.waiting import wait_until

SETTLE_S = 12.0
"""After the last building is online: until then the agents' clocks are learned and the hub has written it all down."""
IDLE_S = 10.0
HEARD_S = 30.0
LEAST_CORRELATION = 0.9
SHORT = "紧急通知：{}号楼一楼起火，请马上从楼梯离开。"
ROUTINE = "清溪社区通知：因水管检修，明天8:30-17:00，{}栋停水，请提前储水。有困难的老人请按铃，或拨打电话0737-4221234。"


@dataclass(frozen=True)
class Cost:
    """CPU seconds and megabytes (proportional share of memory) of the processes of one kind."""

    cpu_s: float
    memory_mb: float


@dataclass
class Series:
    """One way of announcing: seconds from the click to the last building's first sound, and what was recorded."""

    name: str
    most_s: float
    last_s: list[float] = field(default_factory=list)
    made_s: list[float] = field(default_factory=list)
    spread_ms: list[float] = field(default_factory=list)
    offsets_ms: list[float] = field(default_factory=list)
    silent: int = 0
    wrong: int = 0

    def note(self, clicked_ms: float, made_ms: float, started_ms: list[int], recorded: list[Match], all_: int) -> None:
        """One announcement that was played."""
        right = [one.late_ms for one in recorded if one.correlation >= LEAST_CORRELATION]
        self.silent += all_ - len(started_ms)
        self.wrong += all_ - len(right)
        self.made_s.append((made_ms - clicked_ms) / 1e3)
        if started_ms:
            self.last_s.append((max(started_ms) - clicked_ms) / 1e3)
            self.spread_ms.append(max(started_ms) - min(started_ms))
        middle = median(right)
        self.offsets_ms += [abs(one - middle) for one in right]

    def figures(self) -> list[Figure]:
        """What to show: with few rounds the slowest stands for the 99th percentile."""
        slowest = max(self.last_s, default=float("inf"))
        value = f"p50 {median(self.last_s):.2f} s, most {slowest:.2f} s of {len(self.last_s)}"
        is_held = slowest <= self.most_s and not self.silent
        return [
            Figure(f"{self.name}: first sound at the last building", value, f"most <= {self.most_s} s", is_held),
            Figure(f"{self.name}: of it until it was sent", f"p50 {median(self.made_s):.2f} s"),
            Figure(f"{self.name}: between first and last building", f"most {max(self.spread_ms, default=0):.0f} ms"),
        ]


@dataclass(frozen=True)
class Bench:
    """A running hub with its simulated buildings."""

    hub: HubProcess
    api: Api
    second: Api
    session: aiohttp.ClientSession
    fleet: Fleet
    demo: Demo

    async def announce(self, series: Series, text: str, kind: str) -> None:
        """One announcement to everybody, confirmed if it is held, until it was heard everywhere."""
        clicked_ms = time.time() * 1e3
        made = await self.api.post("/announcements", {"text": text, "places": ["all"], "kind": kind})
        path = f"/announcements/{made['id']}"
        if made["hold"] == "held":
            clicked_ms = time.time() * 1e3
            made = await self.second.post(f"{path}/confirm", {})
        made_ms = time.time() * 1e3
        await asyncio.sleep(made["duration_ms"] / 1e3)  # looking meanwhile would be load that nobody needs

        async def is_over() -> bool:
            return bool((await self.api.get(path))["counts"]["heard"] == self.count)

        with contextlib.suppress(TimeoutError):  # what is missing is counted below
            await wait_until(is_over, "heard everywhere", HEARD_S)
        buildings = (await self.api.get(path))["buildings"]
        started = [one["started_ms"] for one in buildings if one["started_ms"]]
        recorded = await self._recorded(path, made["play_at_ms"])
        series.note(clicked_ms, made_ms, started, recorded, self.count)

    @property
    def count(self) -> int:
        """How many buildings there are."""
        return len(self.fleet.buildings)

    async def _recorded(self, path: str, at_ms: int) -> list[Match]:
        """What each loudspeaker's recording says of this announcement."""
        with tempfile.NamedTemporaryFile(suffix=".ogg") as source:
            source.write(await self._audio(path))
            source.flush()
            return await asyncio.to_thread(matches, self.fleet, Path(source.name), at_ms)

    async def _audio(self, path: str) -> bytes:
        async with self.session.get(f"{self.hub.url}/api/v1{path}/audio") as answer:
            answer.raise_for_status()
            return await answer.read()

    def costs(self) -> dict[str, Cost]:
        """Until now, by kind of process; the voice's worker counts as the hub's."""
        kinds: dict[str, list[int]] = {"hub": [], "broker": [], "simulator": []}
        for pid, command in running(self.hub.data).items():
            kind = "simulator" if "firmware_sim" in command else "broker" if "mosquitto" in command else "hub"
            kinds[kind].append(pid)
        return {
            kind: Cost(sum(_cpu_s(pid) for pid in pids), sum(_memory_mb(pid) for pid in pids))
            for kind, pids in kinds.items()
        }

    def spent(self, while_: str, before: dict[str, Cost], seconds: float) -> list[Figure]:
        """What each kind of process has used since `before`."""
        figures = []
        for kind, cost in self.costs().items():
            used = cost.cpu_s - before[kind].cpu_s
            share = 100 * used / seconds
            value = f"{used:.2f} s in {seconds:.0f} s = {share:.1f} % of a core, {cost.memory_mb:.0f} MB"
            if kind == "simulator":
                value += f"; a building {share / self.count:.2f} %, {cost.memory_mb / self.count:.1f} MB"
            figures.append(Figure(f"{while_}: {kind}", value))
        return figures


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextlib.asynccontextmanager
async def running_bench(folder: Path) -> AsyncIterator[Bench]:
    """The example community with all its buildings, online and at rest."""
    mqtt_port, data = free_port(), folder / "data"
    demo = await prepare(_settings(data, mqtt_port))
    hub = HubProcess(data, {"DONGDONG_LOG_LEVEL": "warning"}, mqtt_port=mqtt_port)
    await hub.start()
    try:
        headers = {"Authorization": f"Bearer {demo.token}"}
        async with (
            _simulator(data, demo),
            aiohttp.ClientSession(headers=headers) as session,
            aiohttp.ClientSession() as others,
        ):
            second = await Api.of_person(others, hub.url, demo.username, demo.password)
            bench = Bench(hub, Api(session, hub.url, demo.token), second, session, load(demo.fleet), demo)

            async def are_online() -> bool:
                return all(device["link"] == "online" for device in await bench.api.get("/devices"))

            await wait_until(are_online, "every building online", 60)
            await asyncio.sleep(SETTLE_S)
            yield bench
    finally:
        await hub.stop()


def _settings(data: Path, mqtt_port: int) -> settings.Settings:
    return settings.load({"DATA": str(data), "MQTT": str(Endpoint("127.0.0.1", mqtt_port))}, {})


@contextlib.asynccontextmanager
async def _simulator(data: Path, demo: Demo) -> AsyncIterator[None]:
    """All buildings, connected; it ends with its standard input."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "firmware_sim", "run", str(demo.fleet), "--while-stdin-open"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, MARK: str(data)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while b'"connected"' not in (line := await process.stdout.readline()):
                if not line:
                    raise RuntimeError("the simulated buildings have ended")
        yield
    finally:
        process.stdin.close()
        await process.wait()


async def buildings(rounds: int) -> list[Figure]:
    """From the click to the first sound, the kinds of announcement in turn."""
    short, cached = Series("emergency, short text", 1.5), Series("emergency, same text again", 1.5)
    routine = Series("routine notice", 3.0)
    with tempfile.TemporaryDirectory(prefix="dongdong-bench-") as name:
        async with running_bench(Path(name)) as bench:
            before = bench.costs()
            await asyncio.sleep(IDLE_S)
            figures = bench.spent("idle", before, IDLE_S)
            before, began = bench.costs(), time.monotonic()
            for index in range(rounds):
                await bench.announce(short, SHORT.format(index + 1), "red")
                await bench.announce(cached, SHORT.format(index + 1), "red")
                await bench.announce(routine, ROUTINE.format(index + 1), "routine")
            figures += bench.spent("playing", before, time.monotonic() - began)
    every = (short, cached, routine)
    return [*(figure for series in every for figure in series.figures()), *_recordings(every), *figures]


def _recordings(every: tuple[Series, ...]) -> list[Figure]:
    """How alike and how far apart the simulated loudspeakers were, over all rounds."""
    offsets = [one for series in every for one in series.offsets_ms]
    wrong = sum(series.wrong for series in every)
    middle = median(offsets)
    apart = f"median {middle:.3f} ms, p95 {percentile(offsets, 0.95):.2f} ms, most {max(offsets, default=0):.2f} ms"
    return [
        Figure("recordings unlike the source", f"{wrong} of {wrong + len(offsets)}", "0", wrong == 0),
        Figure("loudspeakers apart", apart, "median <= 1 ms", middle <= 1.0),
    ]


async def alsa(_rounds: int) -> list[Figure]:
    """In step and taking over, on real ALSA streams."""
    with tempfile.TemporaryDirectory(prefix="dongdong-bench-") as name:
        mqtt_port, data = free_port(), Path(name) / "data"
        demo = await prepare(_settings(data, mqtt_port))
        hub = HubProcess(data, {"DONGDONG_LOG_LEVEL": "warning"}, mqtt_port=mqtt_port)
        await hub.start()
        try:
            return await in_step.measure(Path(name), hub, demo)
        finally:
            await hub.stop()


SECTIONS = {"buildings": buildings, "alsa": alsa}


async def measure(only: str | None, rounds: int) -> list[Figure]:
    """Every section, or one of them."""
    return [figure for name, section in SECTIONS.items() if only in (None, name) for figure in await section(rounds)]


def main() -> int:
    """Measures and shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", dest="is_json")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=SECTIONS)
    options = parser.parse_args()
    return show("Broadcast", uvloop.run(measure(options.only, options.rounds)), is_json=options.is_json)


if __name__ == "__main__":
    sys.exit(main())
