"""The agent's command line and composition root: `dongdong-agent run|doctor`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys

from device_agent import doctor, settings
from device_agent.agent import Agent, Ports
from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.hardware.decoding import Decoder
from device_agent.hub_link import Identity
from device_agent.mqtt import MqttLinks
from device_agent.outbox import Outbox
from device_agent.settings import BadSettings, Settings
from wire.signing import VerifyKeys


def main(argv: list[str] | None = None) -> int:
    """Runs one command; the exit code is 0 when all is well."""
    parser = argparse.ArgumentParser(prog="dongdong-agent", description="栋栋响楼栋端 · the agent of one building")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="运行 · be the agent of this building")
    commands.add_parser("doctor", help="检查设备 · name what is wrong, and how to mend it")
    command = parser.parse_args(argv).command
    return _doctor() if command == "doctor" else _run()


def _doctor() -> int:
    findings = asyncio.run(doctor.examine(os.environ))
    for each in findings:
        mark = "✓" if each.is_well else "✗"
        print(f"{mark} {each.zh}\n  {each.en}")  # noqa: T201
    return 0 if all(each.is_well for each in findings) else 1


def _run() -> int:
    logging.basicConfig(level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
    try:
        chosen = settings.load(os.environ)
    except BadSettings as error:
        print(f"{error.zh}\n{error.en}", file=sys.stderr)  # noqa: T201
        return 2
    asyncio.run(_live(chosen))
    return 0


async def _live(chosen: Settings) -> None:
    # Here and not above: the simulated buildings and the doctor run on machines without GPIO or a sound card.
    from device_agent.hardware.alsa_microphone import AlsaMicrophone
    from device_agent.hardware.alsa_speaker import AlsaSpeaker
    from device_agent.hardware.gpio import GpioButton, GpioLamp, raspberry_pi_pins

    folder = settings.data_folder(os.environ)
    pins = raspberry_pi_pins() if chosen.buttons else None
    outbox = Outbox(folder / "outbox.db")
    ports = Ports(
        buttons={name: GpioButton(name, each.pin, pins) for name, each in chosen.buttons.items() if pins},
        lamps={
            name: GpioLamp(each.lamp, pins) for name, each in chosen.buttons.items() if pins and each.lamp is not None
        },
        speaker=AlsaSpeaker(chosen.speaker),
        microphone=AlsaMicrophone(chosen.microphone),
        decoder=Decoder(),
        files=AudioFiles(folder / "audio"),
        outbox=outbox,
        links=MqttLinks(chosen.login(), chosen.device),
        clock=DeviceClock(),
    )
    keys = VerifyKeys([bytes.fromhex(key) for key in chosen.hub_keys])
    agent = Agent(Identity(chosen.device, keys), ports)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, agent.stop)
    try:
        await agent.run()
    finally:
        outbox.close()
        for button in ports.buttons.values():
            button.close()
        for lamp in ports.lamps.values():
            lamp.close()


if __name__ == "__main__":
    sys.exit(main())
