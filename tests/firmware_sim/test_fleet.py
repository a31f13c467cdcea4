"""The fleet file, and a fleet of real processes on a real broker that are killed in the middle of things."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.control import Answer, ask
from firmware_sim.fleet import BadFleet, Fleet, load
from tests.device_agent.broker import Broker
from tests.device_agent.fake_hub import FakeHub
from tests.firmware_sim.town import wait_until
from wire.signing import SigningKey

KEY = SigningKey.generate()
A, BUTTON = "building-a", "a-1"


def written(folder: Path, port: int = 1, **changed: Any) -> Path:
    content = {
        "broker": {"host": "127.0.0.1", "port": port},
        "hub_keys": [KEY.public_bytes.hex()],
        "data_dir": str(folder / "sim"),
        "processes": 1,
        "buildings": [{"device": A, "buttons": [BUTTON]}],
    }
    file = folder / "fleet.json"
    file.write_text(json.dumps({**content, **changed}))
    return file


def test_every_building_belongs_to_one_process(tmp_path: Path) -> None:
    buildings = [{"device": f"b-{n}"} for n in range(7)]
    fleet = load(written(tmp_path, processes=3, buildings=buildings))
    shares = [each.device for index in range(3) for each in fleet.share(index)]
    assert sorted(shares) == [each.device for each in fleet.buildings]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"hub_keys": ["short"]}, "hub_keys"),
        ({"buildings": []}, "buildings"),
        ({"buildings": [{"device": "b"}, {"device": "b"}]}, "'b'"),
        ({"buildings": [{"device": "Building 1"}]}, "Building 1"),
        ({"bulidings": []}, "bulidings"),
        ({"data_dir": "/tmp/" + "x" * 100}, "too long"),
    ],
)
def test_what_is_wrong_with_a_fleet_is_named(tmp_path: Path, changed: dict[str, Any], named: str) -> None:
    with pytest.raises(BadFleet, match=named):
        load(written(tmp_path, **changed))


class Process:
    """One simulator process, which may be killed and started again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.fleet: Fleet = load(file)
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Run until armed."""
        command = [sys.executable, "-m", "firmware_sim", "process", str(self._file), "0"]
        self._running = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._running.stdout is not None
        assert await self._running.stdout.readline() == b"armed 1\n"

    async def kill(self) -> None:
        """End it as a power cut does."""
        if self._running is not None:
            self._running.kill()
            await self._running.wait()
            self._running = None

    async def ask(self, **request: Any) -> Answer:
        """One request over the control socket."""
        return await asyncio.to_thread(ask, self.fleet.control_socket(0), request)


@asynccontextmanager
async def hub_of(broker: Broker, hub: FakeHub) -> AsyncIterator[None]:
    up = asyncio.Event()
    task = asyncio.create_task(hub.run(up))
    await up.wait()
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_presses_outlive_a_kill_of_the_agent_and_of_the_broker(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    hub = FakeHub(broker.port, KEY)
    process = Process(written(tmp_path, broker.port))
    broker.start()
    try:
        hub.is_accepting = False
        async with hub_of(broker, hub):
            await process.start()
            assert (await process.ask(do="press", building=A, button=BUTTON))["ok"]
            await hub.until(lambda: len({press.seq for press in hub.presses.get(A, [])}) == 1)
        broker.kill()
        assert (await process.ask(do="press", building=A, button=BUTTON))["ok"]
        await process.kill()
        broker.start()
        hub.is_accepting = True
        async with hub_of(broker, hub):
            await process.start()
            await hub.until(lambda: {press.seq for press in hub.presses.get(A, [])} == {0, 1})
            await hub.until(lambda: A in hub.healths and hub.healths[A].outbox == 0, timeout_s=40)
    finally:
        await process.kill()
        broker.kill()
    assert len({press.press_id for press in hub.presses[A]}) == 2


async def test_the_control_socket_answers_what_it_cannot_do_with_a_sentence(tmp_path: Path) -> None:
    process = Process(written(tmp_path))
    await process.start()
    try:
        for request, named in (
            ({"do": "press", "building": "b", "button": BUTTON}, "no building 'b'"),
            ({"do": "press", "building": A, "button": "x"}, "no button 'x'"),
            ({"do": "fault", "building": A, "fault": "flood"}, "fault"),
            ({"do": "dance"}, "dance"),
        ):
            answer = await process.ask(**request)
            assert not answer["ok"]
            assert named in answer["error"]
        state = await process.ask(do="state")
        assert state["buildings"] == {A: {"linked": False}}
    finally:
        await process.kill()


async def test_no_process_outlives_the_one_that_started_it(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "firmware_sim", "run", str(written(tmp_path))], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert json.loads(await parent.stdout.readline())["event"] == "armed"
    socket = load(tmp_path / "fleet.json").control_socket(0)
    parent.kill()
    await parent.wait()

    def is_gone() -> bool:
        try:
            ask(socket, {"do": "state"})
        except OSError:
            return True
        return False

    await wait_until(is_gone)
