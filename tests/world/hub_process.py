"""A hub as its own process, with its own broker, in a folder of its own on free ports."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from hub.adapters.broker.files import BrokerFiles
from hub.adapters.broker.running import running_pid
from hub.adapters.data_folder import DATABASE
from tests.world.ports import free_port
from tests.world.processes import MARK, running
from tests.world.set_clock import SetClock
from tests.world.waiting import wait_until

START_S = 30.0
STOP_S = 20.0


@dataclass
class HubProcess:
    """`start` it, `kill` it as often as wanted, `stop` it at the end, which ends its broker too.

    It knows no quiet hours and no noise budget unless `environ` says so: what is tested is the same at night and the
    hundredth time.
    `options` are further ones of `dongdong hub`; `start` works only where it serves plain HTTP. With `broker` it
    uses one that it did not start. With a `clock` that can be set, its wall clock goes by that.
    """

    data: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()
    broker: str | None = None
    http_port: int = field(default_factory=free_port)
    mqtt_port: int = field(default_factory=free_port)
    clock: SetClock | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its pages and its API are."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> Path:
        """What it wrote on standard error, over all its starts."""
        return self.data.parent / f"{self.data.name}.log"

    def dongdong(self, *arguments: str) -> dict[str, str]:
        """Runs another command of `dongdong` on this data folder and gives its JSON."""
        done = self.command(*arguments)
        if done.returncode:
            raise RuntimeError(f"dongdong {' '.join(arguments)}: {done.stderr}")
        return dict(json.loads(done.stdout)) if done.stdout.startswith("{") else {}

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs another command of `dongdong` on this data folder, whatever comes of it."""
        command = [sys.executable, "-m", "hub", *arguments, "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=self._environ())

    def spawn(self) -> None:
        """Begins the process and does not wait for it."""
        listen = ["--http", f"127.0.0.1:{self.http_port}"]
        broker = ["--broker", self.broker] if self.broker else ["--mqtt", f"127.0.0.1:{self.mqtt_port}"]
        program = ["tests.world.set_clock", str(self.clock.file)] if self.clock else ["hub"]
        what = ["hub", "--data", str(self.data), *listen, *broker, *self.options]
        command = [sys.executable, "-m", *program, *what]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environ())

    async def start(self) -> None:
        """Returns when it says itself that it is ready."""
        self.spawn()
        async with aiohttp.ClientSession() as session:
            await wait_until(lambda: self.is_ready(session), f"the hub is ready; see {self.log}", START_S)

    async def is_ready(self, session: aiohttp.ClientSession) -> bool:
        """What /readyz answers now; raises when the process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f"the hub ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
        try:
            async with session.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def kill(self) -> None:
        """kill -9: the hub gets no chance to say anything; its broker runs on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def stop(self) -> int:
        """Asks it to end and waits; the exit status. Afterwards nothing of it runs, even if it did not end in time."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = await asyncio.to_thread(self.process.wait, STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self.end_broker()
        await wait_until(lambda: self.broker_pid is None, "the broker has ended", STOP_S)
        return status

    @property
    def running(self) -> dict[int, str]:
        """Everything of it that runs: command lines by process id."""
        return running(self.data)

    @contextmanager
    def database_locked(self) -> Iterator[None]:
        """Another process holds the database's write lock meanwhile."""
        with closing(sqlite3.connect(self.data / DATABASE, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        """No file takes a byte from the hub meanwhile, its log as little as its database."""
        assert self.process is not None
        before = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            yield
        finally:
            if self.process.poll() is None:
                resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, before)

    def rows(self, query: str, *values: object) -> list[Any]:
        """What its database says."""
        with closing(sqlite3.connect(self.data / DATABASE)) as database:
            return database.execute(query, values).fetchall()

    @property
    def broker_pid(self) -> int | None:
        """Its broker's process, None when none runs."""
        return running_pid(BrokerFiles(self.data / "broker").configuration)

    def end_broker(self) -> None:
        """Ends a broker that a killed hub has left behind."""
        pid = self.broker_pid
        if pid is not None:
            os.kill(pid, signal.SIGTERM)

    def _environ(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DONGDONG_")}
        never = {"DONGDONG_QUIET_HOURS": "off", "DONGDONG_NOISE_BUDGET_MINUTES": "off"}
        return {**ours, **never, MARK: str(self.data), **self.environ}
