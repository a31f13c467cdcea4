"""Simulated buildings of the example community: the real agent on fake hardware, in a process of their own."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware_sim.control import ask
from firmware_sim.fleet import Fault
from hub.adapters.broker import add_logins
from hub.adapters.signing_key import signing_key
from hub.services.example import example
from tests.world.processes import MARK
from wire.messages import Config, Press, QuietHours, read

CONNECTED_S = 40.0


@dataclass
class SimulatedBuildings:
    """`start` them at a hub's data folder, let hands press and things go wrong, `kill` and `start` them, `stop` them.

    Several of them at one data folder need a `name` each. `buttons` may be given more before the first start.
    """

    data: Path
    mqtt_port: int
    devices: Sequence[str]
    authority: Path | None = None
    name: str = "sim"
    buttons: dict[str, list[str]] = field(init=False)
    _process: asyncio.subprocess.Process | None = None

    def __post_init__(self) -> None:
        known = example().buttons
        self.buttons = {device: [one.name for one in known if one.device == device] for device in self.devices}

    async def start(self) -> None:
        """Returns when all of them are connected."""
        await self.spawn()
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(CONNECTED_S):
            async for line in self._process.stdout:
                if line.startswith(b"connected"):
                    return
        raise RuntimeError("the simulated buildings have ended")

    async def spawn(self) -> None:
        """Begins their process and does not wait for it; they have the same disks and logins each time."""
        if not self._fleet.exists():
            self._write_fleet()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "firmware_sim", "process", str(self._fleet), "0"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, MARK: str(self.data), "OPENBLAS_NUM_THREADS": "1"},
        )

    @property
    def is_running(self) -> bool:
        """Whether their process has not ended."""
        return self._process is not None and self._process.returncode is None

    async def kill(self) -> None:
        """kill -9: no building gets a chance to say anything."""
        assert self._process is not None
        if self.is_running:
            self._process.kill()
        await self._process.wait()

    async def stand_still(self, for_s: float) -> None:
        """All of them are frozen for so long, loudspeakers too."""
        assert self._process is not None
        if not self.is_running:
            return
        self._process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(for_s)
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Ends them in good order."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def press(self, device: str, gesture: str = "press", button: str | None = None) -> str:
        """A hand on this button of the building, or on its first; returns the button's name when it has let go.

        Raises OSError when the building is not there, or its process is killed meanwhile.
        """
        button = button or self.buttons[device][0]
        await self._ask({"do": "press", "building": device, "button": button, "gesture": gesture})
        return button

    async def fault(self, device: str, fault: Fault, value: float) -> None:
        """Lets something go wrong, or right again with 0."""
        await self._ask({"do": "fault", "building": device, "fault": fault.value, "value": value})

    async def is_linked(self, device: str) -> bool:
        """Whether the building is connected to the broker."""
        return bool((await self._ask({"do": "state"}))["buildings"][device]["linked"])

    def told(self, device: str, alert_id: str | None) -> list[str | None]:
        """The stages of this alert that were spoken in the building; without an alert, what it said for itself."""
        file = self.folder / device / "told.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [one["stage"] for one in lines if one["alert_id"] == alert_id and one["said"]]

    def unconfirmed(self, device: str) -> int:
        """How many presses on the building's disk wait for the hub's `accepted`."""
        ((count,),) = self._on_disk(device, "SELECT count(*) FROM presses WHERE recorded_at_ms IS NULL")
        return int(count)

    def presses(self, device: str) -> list[Press]:
        """The presses on the building's disk, confirmed or not."""
        return [read(Press, payload) for (payload,) in self._on_disk(device, "SELECT payload FROM presses")]

    def quiet_hours(self, device: str) -> list[QuietHours]:
        """Those of the settings that the building has on its disk."""
        ((payload,),) = self._on_disk(device, "SELECT value FROM meta WHERE key = 'config'")
        return read(Config, payload).quiet_hours

    def _on_disk(self, device: str, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.folder / device / "outbox.db")) as disk:
            return disk.execute(query).fetchall()

    @property
    def folder(self) -> Path:
        """Where the disks and recordings of its buildings are."""
        return self.data / self.name

    @property
    def _fleet(self) -> Path:
        return self.data / f"{self.name}.json"

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = await asyncio.to_thread(ask, self.folder / "control-0.sock", request)
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer

    def _write_fleet(self) -> None:
        passwords = {device: secrets.token_urlsafe() for device in self.devices}
        add_logins(self.data / "broker", passwords)
        authority = None if self.authority is None else str(self.authority)
        fleet = {
            "broker": {"host": "127.0.0.1", "port": self.mqtt_port, "ca_file": authority},
            "hub_keys": [signing_key(self.data / "keys").public_bytes.hex()],
            "data_dir": str(self.folder),
            "processes": 1,
            "buildings": [
                {"device": device, "password": passwords[device], "buttons": self.buttons[device]}
                for device in self.devices
            ],
        }
        self._fleet.write_text(json.dumps(fleet))
