"""dongdong demo: one command that shows everything, and leaves nothing behind however it ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from hub.adapters.broker.files import BrokerFiles
from hub.adapters.broker.running import running_pid
from tests.world.api import Api
from tests.world.ports import free_port
from tests.world.processes import MARK, running
from tests.world.waiting import wait_until

BEGINS_S, ONLINE_S, ENDS_S = 90.0, 40.0, 40.0
PROCESSES = ("hub demo", "mosquitto", "firmware_sim run", "firmware_sim process", "espeak_worker")


@dataclass
class DemoProcess:
    """The demonstration in a session of its own, as a terminal starts it."""

    data: Path
    http_port: int = field(default_factory=free_port)
    mqtt_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """What it has printed since its last start."""
        return self._output.read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    async def start(self) -> None:
        """Returns when it has said how to sign in."""
        self._spawn()
        await wait_until(self._has_begun, "the demonstration has begun", BEGINS_S)

    def _spawn(self) -> None:
        address = ("--http", f"127.0.0.1:{self.http_port}", "--mqtt", f"127.0.0.1:{self.mqtt_port}")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub", "demo", "--data", str(self.data), *address],
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, MARK: str(self.data)},
            )

    async def end(self) -> int:
        """Its exit status, once it has ended."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, ENDS_S)

    def left(self) -> dict[int, str]:
        """What of it still runs."""
        return running(self.data)

    @property
    def _output(self) -> Path:
        return self.data.with_name("demo.txt")

    def _has_begun(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said
        return "Ctrl-C ends all of it" in self.said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests: a demonstration goes on where an earlier one has ended."""
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture
def demo(folder: Path) -> Iterator[DemoProcess]:
    demo = DemoProcess(folder)
    yield demo
    for process in demo.left():
        os.kill(process, signal.SIGKILL)


async def test_it_says_where_to_sign_in_and_ctrl_c_ends_all_of_it(demo: DemoProcess) -> None:
    await demo.start()
    assert "69 buildings, 8 grids, 3,635 homes" in demo.said
    assert await is_signed_in(demo, printed(demo, "user"), printed(demo, "password"))
    async with aiohttp.ClientSession() as session, session.get(printed(demo, "volunteer")) as page:
        assert page.status == 200
    assert {name for line in demo.left().values() for name in PROCESSES if name in line} == set(PROCESSES)
    assert demo.process is not None
    os.killpg(demo.process.pid, signal.SIGINT)
    assert await demo.end() == 0
    assert demo.left() == {}


async def test_when_it_is_killed_its_buildings_end_and_it_begins_again_in_the_same_folder(demo: DemoProcess) -> None:
    await demo.start()
    assert demo.process is not None
    password = printed(demo, "password")
    demo.process.kill()
    await demo.end()
    broker = running_pid(BrokerFiles(demo.data / "broker").configuration)
    await wait_until(lambda: demo.left().keys() == {broker}, "only the broker is left", ENDS_S)
    await demo.start()
    assert printed(demo, "password") == password
    assert running_pid(BrokerFiles(demo.data / "broker").configuration) == broker
    async with aiohttp.ClientSession() as session:
        api = Api(session, demo.url, json.loads((demo.data / "demo.json").read_text())["token"])

        async def are_online() -> bool:
            return {one["link"] for one in await api.get("/devices")} == {"online"}

        await wait_until(are_online, "all buildings are online", ONLINE_S)
    demo.process.terminate()
    assert await demo.end() == 0
    assert demo.left() == {}


def printed(demo: DemoProcess, what: str) -> str:
    """The value that stands behind this word."""
    found = re.search(rf" {what} +(\S+)", demo.said)
    assert found is not None, demo.said
    return found[1]


async def is_signed_in(demo: DemoProcess, username: str, password: str) -> bool:
    """Whether the sign-in page lets this account in."""
    origin = {"Origin": demo.url}
    form = {"username": username, "password": password}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers=origin) as session,
        session.post(f"{demo.url}/sign-in", data=form, allow_redirects=False) as answer,
    ):
        return answer.status == 303
