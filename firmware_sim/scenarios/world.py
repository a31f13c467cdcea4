"""The hub and the broker that a scenario runs against: started here in a folder of their own, or given."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from firmware_sim.scenarios.gateway import Gateway

READY_S, END_S, ANSWER_S = 60.0, 30.0, 60.0
LOOK_S = 0.1
OPEN = "state=open&state=accepted&state=arrived"


class NoWorld(RuntimeError):
    """The hub cannot be started or reached; the text says why, in both languages."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds so far and resident memory."""

    cpu_s: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class World:
    """Where everything is. What stands below `fleet` is only known of a hub that was started here.

    `second` is the token of a second person, who confirms what is held.
    """

    url: str
    token: str
    fleet: Path
    second: str | None = None
    hub_pid: int | None = None
    data: Path | None = None
    gateway: Gateway | None = None

    async def get(self, path: str) -> Any:
        """The JSON at a path below /api/v1; raises NoWorld."""
        return await asyncio.to_thread(self._ask, path, None)

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The JSON that answers this body; raises NoWorld."""
        return await asyncio.to_thread(self._ask, path, json.dumps(body).encode())

    async def confirm(self, announcement_id: str) -> None:
        """A second person sends what is held; where we know of none, it goes out by itself. Raises NoWorld."""
        path = f"/announcements/{announcement_id}"
        if self.second is not None:
            await replace(self, token=self.second).post(f"{path}/confirm", {})
        while True:
            if (await self.get(path))["hold"] != "held":
                return
            await asyncio.sleep(LOOK_S)

    async def close_alerts(self) -> None:
        """The desk's work: closes what is open, so that the next round does not run under its ladders."""
        people = await self.get("/people")
        while people and (alerts := await self.get(f"/alerts?{OPEN}&limit=200")):
            for alert in alerts:
                body = {"by": people[0]["id"], "outcome": "sim", "seen": "override", "reason": "sim"}
                await self.post(f"/alerts/{alert['id']}/close", body)

    def _ask(self, path: str, body: bytes | None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", body, headers)  # noqa: S310 - http(s) is checked
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except urllib.error.HTTPError as error:
            why = error.read(1000).decode("utf-8", "replace")
            raise NoWorld(f"中心拒绝了 {path}：{why}\nThe hub refused {path}: {why}") from None
        except OSError as error:
            raise NoWorld(f"连不上中心 {self.url}：{error}\nThe hub at {self.url} does not answer: {error}") from None

    def costs(self) -> dict[str, Cost]:
        """Of hub (its voice included) and broker, as far as they were started here."""
        if self.hub_pid is None or self.data is None:
            return {}
        processes = _processes()
        hub = {self.hub_pid}
        while more := {pid for pid, (parent, _) in processes.items() if parent in hub} - hub:
            hub |= more
        configuration = str(self.data / "broker" / "mosquitto.conf")
        broker = {pid for pid, (_, command) in processes.items() if configuration in command}
        return {"hub": _cost(hub - broker), "broker": _cost(broker)}


def told(url: str, token: str, fleet: Path) -> World:
    """A hub that runs already; raises NoWorld for an address that is none."""
    if not url.startswith(("http://", "https://")):
        raise NoWorld(f"“{url}”不是网址，请写成 http://主机:端口。\n“{url}” is no address: write http://HOST:PORT.")
    return World(url.rstrip("/"), token, fleet)


@contextlib.asynccontextmanager
async def started(folder: Path, devices: int, gateway: Gateway) -> AsyncIterator[World]:
    """A hub with its broker on free ports and a community of so many devices, all below `folder`; raises NoWorld."""
    data, fleet = folder / "data", folder / "fleet.json"
    http, mqtt = (f"127.0.0.1:{port}" for port in _free_ports(2))
    await _dongdong("example", "--devices", str(devices), "--fleet", str(fleet), "--mqtt", mqtt, "--data", str(data))
    token, second = [await _token(name, data) for name in ("sim", "second")]
    command = [sys.executable, "-m", "hub", "hub", "--data", str(data), "--http", http, "--mqtt", mqtt]
    hub = _spawn(command, folder / "hub.log", {"DONGDONG_LOG_LEVEL": "warning", **gateway.environ})
    try:
        await _ready(hub, f"http://{http}", folder / "hub.log")
        yield World(f"http://{http}", token, fleet, second, hub.pid, data, gateway)
    finally:
        hub.terminate()
        try:
            await asyncio.to_thread(hub.wait, END_S)
        except subprocess.TimeoutExpired:
            hub.kill()


def _spawn(command: list[str], log: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, env={**_environ(), **environ})  # noqa: S603 - ours


def _last_words(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-500:]


async def _ready(hub: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until_s = time.monotonic() + READY_S
    while time.monotonic() < until_s and hub.poll() is None:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(lambda: urllib.request.urlopen(f"{url}/readyz", timeout=5).close())  # noqa: S310
            return
        await asyncio.sleep(LOOK_S)
    words = await asyncio.to_thread(_last_words, log)
    raise NoWorld(f"中心没有启动成功：{words}\nThe hub did not come up: {words}")


async def _token(name: str, data: Path) -> str:
    said = await _dongdong("token", "--role", "staff", "--name", name, "--json", "--data", str(data))
    return str(json.loads(said)["token"])


async def _dongdong(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environ(),
    )
    out, why = await process.communicate()
    if process.returncode:
        raise NoWorld(why.decode("utf-8", "replace").strip())
    return out.decode()


def _environ() -> dict[str, str]:
    """Without the settings of another hub."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DONGDONG_")}


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


def _processes() -> dict[int, tuple[int, str]]:
    """Parent and command line by process id."""
    found: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
                found[int(entry.name)] = (int(_stat(entry)[1]), command)
    return found


def _cost(pids: Sequence[int] | set[int]) -> Cost:
    cpu_s = memory_mb = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = _stat(Path(f"/proc/{pid}"))
            cpu_s += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            memory_mb += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return Cost(cpu_s, memory_mb)


def _stat(process: Path) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, …"""
    return (process / "stat").read_text().rpartition(")")[2].split()
