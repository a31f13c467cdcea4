"""kill -9 of hub, broker and agents around announcements: heard where it was ready, reported as it was, never twice.

    python -m tests.bench.broadcast_crash [--rounds 10] [--seed N] [--json]

In each round something is announced 5 s ahead, and in some a warning that interrupts it, which a second person
confirms; hub, broker and buildings are killed before the agreed instant, around it and while it sounds, at instants
that the seed gives, and come back as a supervisor would bring them; buildings stand still while it sounds. Wall clocks
of buildings are stepped by minutes, the hub's by seconds. Then all is healed, and the recordings of all loudspeakers
are compared with what was announced and with what the hub says became of it. A round takes 20 to 45 s.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import aiohttp

from device_agent.hardware.decoding import decode_opus
from firmware_sim.fleet import Fault
from hub.domain.second_person import OUT
from tests.bench.broadcast_crash.evidence import Aired, Report, Trouble, Verdicts, report_of
from tests.bench.broadcast_crash.plan import PLAY_AT_S, SOUND_S, Round, plan
from tests.bench.broadcast_crash.tapes import air, seconds_heard
from tests.bench.crash.evidence import named
from tests.bench.crash.world import World
from tests.bench.report import Figure, none_of, percentile
from tests.bench.rounds import run_rounds
from tests.world.api import Api, Json
from tests.world.buildings import SimulatedBuildings
from tests.world.community import Community
from tests.world.hub_process import HubProcess
from tests.world.set_clock import SetClock
from tests.world.waiting import wait_until

AGENTS = (("dev-building-17", "dev-building-1"), ("dev-building-2",))
"""The buildings of each process."""
SAVED_S = 10.0
ASK_S, ASK_AGAIN_S = 6.0, 0.1
"""How long somebody tries to send a warning while the hub is not there."""
BEYOND_S = 20.0
"""By then, after an announcement's validity, every building must have told what became of it."""
QUIET_S = 2.0
"""After the last report: by then the loudspeakers have rested, and their tapes are written."""
LOOK_EVERY_S = 0.2
Made: TypeAlias = tuple[Json, str]
"""What the API answered, and the kind that was asked for."""


@dataclass
class Bench:
    """A community at work, and what was found so far."""

    world: World
    api: Api
    second: Api
    session: aiohttp.ClientSession
    seed: int
    verdicts: Verdicts = field(default_factory=Verdicts)
    alarms: int = 0
    known: set[str] = field(default_factory=set)

    async def round(self, index: int) -> None:
        """Everything goes wrong that the plan says, then rest is waited for, and looked at."""
        planned = plan(self.seed, index, [each.name for each in self.world.agents], self.world.devices)
        await self._step_clocks(planned)
        began_s, kills, stalls = time.time(), len(self.world.killed), len(self.world.stalled)
        begun = await self.api.post(
            "/announcements",
            {"text": planned.text, "places": ["all"], "kind": planned.kind, "play_at_ms": _play_at_ms(began_s)},
        )
        late_s = time.time() - began_s  # what speaking it took is no part of the plan
        await asyncio.gather(self._alarm(planned, late_s), *(self.world.strike(blow) for blow in planned.blows))
        await self.world.heal()
        alarms = [await self._out(one) for one in self._new() if one != begun["id"]]
        self.alarms += len(alarms)
        made = [(begun, planned.kind), *((one, planned.alarm) for one in alarms)]
        trouble = {
            one.name: Trouble(
                [at_s for name, at_s in self.world.killed[kills:] if name == one.name],
                [(begin_s, end_s) for name, begin_s, end_s in self.world.stalled[stalls:] if name == one.name],
                planned.set_s,
            )
            for one in self.world.agents
        }
        await self._ended([one for one, _ in made], trouble)
        await asyncio.sleep(max(0.0, began_s + PLAY_AT_S + SOUND_S - time.time()) + QUIET_S)
        await self._judge(index, made, began_s, trouble)
        if planned.set_s:  # what is announced next follows at once
            self.world.set_clock(0.0)
        what = "; ".join(map(str, planned.blows)) + (f"; {planned.alarm_s:.2f} {planned.alarm}" if alarms else "")
        print(f"{index:3} {time.time() - began_s:5.1f} s {planned.kind}: {what}", flush=True)

    async def _step_clocks(self, planned: Round) -> None:
        for device, skew_ms in zip(self.world.devices, planned.skew_ms, strict=True):
            await self.world.of(device).fault(device, Fault.CLOCK_SKEW, skew_ms)

    async def _alarm(self, planned: Round, late_s: float) -> None:
        """A warning, confirmed, each as soon as a hub takes it; none when none does in time."""
        if planned.alarm_s is None:
            return
        await asyncio.sleep(planned.alarm_s - late_s)
        body = {"text": planned.alarm_text, "places": ["all"], "kind": planned.alarm}
        made = await _asked(self.api, "/announcements", body)
        if made is not None:
            await _asked(self.second, f"/announcements/{made['id']}/confirm", {})

    def _new(self) -> list[str]:
        """What the hub has taken since it was last looked, also where it was killed before it could say so."""
        rows = self.world.hub.rows("SELECT id FROM announcement ORDER BY created_ms")
        found = [announcement_id for (announcement_id,) in rows if announcement_id not in self.known]
        self.known.update(found)
        return found

    async def _out(self, announcement_id: str) -> Json:
        """A warning as it went out: confirmed, or by itself."""
        path = f"/announcements/{announcement_id}"

        async def is_out() -> bool:
            return bool((await self.api.get(path))["hold"] in OUT)

        await wait_until(is_out, "the warning has gone out", BEYOND_S, LOOK_EVERY_S)
        return dict(await self.api.get(path))

    def _reports(self, announcement_id: str) -> dict[str, Report]:
        query = "SELECT device, reached, at_ms, reason FROM progress WHERE announcement_id = ?"
        return {device: report_of(tuple(row)) for device, *row in self.world.hub.rows(query, announcement_id)}

    async def _ended(self, made: list[Json], trouble: Mapping[str, Trouble]) -> None:
        """Waits until every building has told what became of everything; what it never tells is found later."""

        def is_told() -> bool:
            reports = [self._reports(one["id"]) for one in made]
            return all(
                each[device].is_final(trouble[self.world.of(device).name])
                for each in reports
                for device in self.world.devices
            )

        set_s = max(abs(one.set_s) for one in trouble.values())
        until_s = max(one["valid_until_ms"] for one in made) / 1000 + BEYOND_S + set_s
        with contextlib.suppress(TimeoutError):
            await wait_until(is_told, "all told", until_s - time.time(), LOOK_EVERY_S)

    async def _judge(self, index: int, made: list[Made], began_s: float, trouble: Mapping[str, Trouble]) -> None:
        span_s = time.time() - began_s
        for number, (one, kind) in enumerate(made):
            aired = Aired(one["id"], one["play_at_ms"] / 1000, one["duration_ms"] / 1000)
            source, reports = decode_opus(await self._audio(one["id"])), self._reports(one["id"])
            for device in self.world.devices:
                process = self.world.of(device)
                heard = await asyncio.to_thread(air, process.folder / device, began_s, span_s)
                seconds = await asyncio.to_thread(seconds_heard, source, kind, heard)
                begins = {second: [began_s + each for each in several] for second, several in seconds.items()}
                name = f"{index}/{device}/{'alarm' if number else 'ahead'}"
                touched = trouble[process.name]
                self.verdicts.judge(name, aired, reports[device], begins, touched, is_alone=len(made) == 1)

    async def _audio(self, announcement_id: str) -> bytes:
        path = f"/api/v1/announcements/{announcement_id}/audio"
        async with self.session.get(f"{self.world.hub.url}{path}") as answer:
            answer.raise_for_status()
            return await answer.read()


async def _asked(api: Api, path: str, body: Json) -> Json | None:
    """The answer, as soon as there is a hub to give it; None when there is none in time.

    What is under way is waited for: given up, it would be taken all the same, in the next round.
    """
    until_s = time.monotonic() + ASK_S
    while time.monotonic() < until_s:
        with contextlib.suppress(aiohttp.ClientError):
            return await api.post(path, body)
        await asyncio.sleep(ASK_AGAIN_S)
    return None


def _play_at_ms(began_s: float) -> int:
    return round((began_s + PLAY_AT_S) * 1000)


@contextlib.asynccontextmanager
async def running_bench(community: Community, folder: Path, seed: int) -> AsyncIterator[Bench]:
    """A community at work; nothing of it runs afterwards."""
    clock = SetClock(folder / "clock")
    hub = HubProcess(community.copy(folder / "hub"), {"DONGDONG_LOG_LEVEL": "warning"}, clock=clock)
    agents = [SimulatedBuildings(hub.data, hub.mqtt_port, each, name=f"agents-{i}") for i, each in enumerate(AGENTS)]
    headers = {"Authorization": f"Bearer {community.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        try:
            await hub.start()
            await asyncio.gather(*(each.start() for each in agents))
            store = hub.data / "broker" / "store" / "mosquitto.db"
            await wait_until(store.exists, "the broker has saved that there is a hub", SAVED_S)
            first, second = (Api(session, hub.url, one) for one in (community.token, community.second_token))
            yield Bench(World(hub, agents), first, second, session, seed)
        finally:
            await asyncio.gather(*(each.kill() for each in agents), return_exceptions=True)
            await hub.stop()


async def measure(community: Community, folder: Path, rounds: int, seed: int) -> list[Figure]:
    """All rounds, and what came of them."""
    async with running_bench(community, folder, seed) as bench:
        for index in range(rounds):
            await bench.round(index)
        return figures(bench)


def figures(bench: Bench) -> list[Figure]:
    """The table."""
    found = bench.verdicts
    off = f"p95 {percentile(found.off_ms, 0.95):.0f} ms, most {max(found.off_ms, default=0.0):.0f} ms"
    return [
        Figure("kills and faults", named(bench.world.struck)),
        Figure("announcements at loudspeakers", f"{found.aired}, with {bench.alarms} warnings into others"),
        Figure("  played", str(found.played)),
        Figure("  killed while it sounded", str(found.killed_while_sounding)),
        Figure("  stood still while it sounded", str(found.stood_still)),
        Figure("  interrupted by a warning", str(found.interrupted)),
        Figure("  joined late / played when the others were through", f"{found.joined_late} / {found.played_after}"),
        Figure("  seconds that sounded with the others, off by", off),
        none_of("did not sound, and was not killed meanwhile", found.silent),
        none_of("sounded more than once", found.twice),
        none_of("played, says the report, and not the tape", found.claimed),
        none_of("sounded, says the tape, and not the report", found.unreported),
        none_of("never told what became of it", found.unended),
        none_of("joined where the others were not", found.elsewhere),
        none_of("ended by itself", bench.world.ended),
    ]


if __name__ == "__main__":
    sys.exit(run_rounds("Broadcast and crash", __doc__, measure))
