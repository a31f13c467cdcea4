"""A real agent of one building on an ALSA loudspeaker, whose system clock is wrong.

    python -m tests.bench.loud_agent FLEET.json DEVICE ALSA_DEVICE SKEW_S FOLDER

It runs until its standard input ends and then prints {"underruns": n, "clock_error_ms": of the hub's time it learned}.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import time
from pathlib import Path

from device_agent.agent import Agent, Ports
from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.hardware.alsa_speaker import AlsaSpeaker
from device_agent.hardware.decoding import Decoder
from device_agent.hub_link import Identity
from device_agent.mqtt import Login, MqttLinks
from device_agent.outbox import Outbox
from firmware_sim.fleet import load
from tests.device_agent.silence import DeafMicrophone
from wire.signing import VerifyKeys

UNIT = Path(__file__).parents[2] / "deploy" / "dongdong-agent.service"


def schedule_as_the_unit_does() -> None:
    """What CPUSchedulingPriority in the agent's unit does; without the right to, the agent runs as an ordinary one."""
    said = re.search(r"^CPUSchedulingPriority=(\d+)$", UNIT.read_text("utf-8"), re.MULTILINE)
    assert said is not None
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(int(said[1])))


async def live(fleet_file: Path, device: str, loudspeaker: str, skew_s: float, folder: Path) -> None:
    """Be that agent."""
    fleet = load(fleet_file)
    building = next(one for one in fleet.buildings if one.device == device)
    login = Login(fleet.broker.host, fleet.broker.port, building.user or device, building.password, None)
    speaker = AlsaSpeaker(loudspeaker)
    clock = DeviceClock(wall_ns=lambda: time.time_ns() + round(skew_s * 1e9))
    ports = Ports(
        buttons={},
        lamps={},
        speaker=speaker,
        microphone=DeafMicrophone(),
        decoder=Decoder(),
        files=AudioFiles(folder / "audio"),
        outbox=Outbox(folder / "outbox.db"),
        links=MqttLinks(login, device),
        clock=clock,
    )
    agent = Agent(Identity(device, VerifyKeys([bytes.fromhex(key) for key in fleet.hub_keys])), ports)
    running = asyncio.create_task(agent.run())
    await asyncio.to_thread(sys.stdin.read)
    ahead_ms = clock.wall_error_ms()  # of the system clock; what is not its skew is the offset's error
    error_ms = None if ahead_ms is None else skew_s * 1e3 - ahead_ms
    print(json.dumps({"underruns": speaker.underruns, "clock_error_ms": error_ms}))
    agent.stop()
    await running


if __name__ == "__main__":
    schedule_as_the_unit_does()
    Path(sys.argv[5]).mkdir(parents=True)
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]), Path(sys.argv[5])))
