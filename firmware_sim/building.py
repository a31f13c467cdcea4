"""One simulated building: the real agent on fake hardware, with hands, ears and faults."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from device_agent.agent import Agent, Ports
from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core.effects import LampSays, Told
from device_agent.hardware.decoding import Decoder
from device_agent.hardware.gpio import GpioButton, GpioLamp
from device_agent.hub_link import Identity
from device_agent.mqtt import Login, MqttLinks
from device_agent.outbox import Outbox
from firmware_sim.faulty_link import FaultyLinks
from firmware_sim.fleet import Fault
from firmware_sim.hardware.microphone import SimulatedMicrophone
from firmware_sim.hardware.pins import SimulatedPins
from firmware_sim.hardware.speaker import LATENCY_S, SimulatedSpeaker
from firmware_sim.hardware.tape import Tape

FIRST_PIN, PINS = 2, 26  # a Pi's header; a button and its lamp take two of them, more buttons a further header
SOMETHING_ELSE = resources.files("device_agent") / "sounds" / "no_network.opus"
GESTURES: Mapping[str, list[float]] = {
    "press": [0.2],
    "cancel": [0.2, 1.0, 6.0],
    "arrival": [1.4, 1.4, 1.4, 1.4, 1.4],
}
"""Seconds held, seconds of pause, seconds held, …"""

log = logging.getLogger(__name__)


class NoSuchThing(ValueError):
    """A button, gesture or fault that this building does not have; the text names it."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """Where one button and its lamp are connected."""

    pins: SimulatedPins
    button: int
    lamp: int


class SimulatedBuilding:
    """Runs one agent and starts it anew whenever it ends, as a supervisor does, until cancelled."""

    def __init__(
        self,
        identity: Identity,
        login: Login,
        buttons: list[str],
        folder: Path,
        decoder: Decoder,
        latency_s: float = LATENCY_S,
    ) -> None:
        """`folder` is the building's disk; `decoder` may be shared; so far ahead its loudspeaker renders."""
        folder.mkdir(parents=True, exist_ok=True)
        self.device = identity.device
        self.agent: Agent | None = None
        self._identity = identity
        self._folder = folder
        self._decoder = decoder
        self._links = FaultyLinks(MqttLinks(login, identity.device))
        self._wiring = _wire(buttons)
        self._skew_ns = 0
        self._dark_s = 0.0
        self._power_cut = asyncio.Event()
        tape = Tape(folder, "speaker")
        self._speaker = SimulatedSpeaker(tape, latency_s)
        self._microphone = SimulatedMicrophone(tape)

    @property
    def is_linked(self) -> bool:
        """Whether its agent is connected to the broker."""
        return self.agent is not None and self.agent.link.is_up

    async def run(self) -> None:
        """Be a building."""
        while True:
            self._power_cut.clear()
            try:
                await self._live()
            except Exception:
                log.exception("the agent of %s has failed; it is started anew", self.device)
            await asyncio.sleep(self._dark_s)
            self._dark_s = 0.0

    async def press(self, button: str, gesture: str) -> None:
        """Let a hand make this gesture; raises NoSuchThing."""
        if button not in self._wiring:
            raise NoSuchThing(f"{self.device} has no button {button!r}")
        if gesture not in GESTURES:
            raise NoSuchThing(f"there is no gesture {gesture!r}; there are {', '.join(GESTURES)}")
        wiring = self._wiring[button]
        for index, span_s in enumerate(GESTURES[gesture]):
            if index % 2 == 0:
                wiring.pins.press(wiring.button)
            await asyncio.sleep(span_s)
            if index % 2 == 0:
                wiring.pins.release(wiring.button)

    def fault(self, fault: Fault, value: float) -> None:
        """Let this go wrong from now on, or with 0 be right again; what the value means is said at Fault."""
        match fault:
            case Fault.LINK_DOWN:
                self._links.cut(is_down=value > 0)
            case Fault.DELAY:
                self._links.trouble.delay_s = value / 1000
            case Fault.DUPLICATES:
                self._links.trouble.is_doubling = value > 0
            case Fault.CLOCK_SKEW:
                self._skew_ns += round(value * 1e6)
            case Fault.SILENT_SPEAKER:
                self._speaker.is_silent = value > 0
            case Fault.QUIET_SPEAKER:
                self._speaker.gain = 10 ** (-value / 20)
            case Fault.DISTORTED_SPEAKER:
                self._speaker.is_distorted = value > 0
            case Fault.WRONG_AUDIO:
                self._speaker.instead = self._decoder.decode(SOMETHING_ELSE.read_bytes()) if value > 0 else None
            case Fault.NO_MICROPHONE:
                self._microphone.is_gone = value > 0
            case Fault.NOISY_ROOM:
                self._microphone.is_noisy_there = value > 0
            case Fault.DEAD_MICROPHONE:
                self._microphone.is_dead = value > 0
            case Fault.REBOOT:
                self._dark_s = value
                self._links.lose()
                self._power_cut.set()

    async def _live(self) -> None:
        """One life of the agent, from its start to its end or a power cut."""
        buttons = {name: GpioButton(name, each.button, each.pins.factory) for name, each in self._wiring.items()}
        lamps = {name: GpioLamp(each.lamp, each.pins.factory) for name, each in self._wiring.items()}
        outbox = Outbox(self._folder / "outbox.db")
        ports = Ports(
            buttons=buttons,
            lamps=lamps,
            speaker=self._speaker,
            microphone=self._microphone,
            decoder=self._decoder,
            files=AudioFiles(self._folder / "audio"),
            outbox=outbox,
            links=self._links,
            clock=DeviceClock(wall_ns=lambda: time.time_ns() + self._skew_ns),
        )
        self.agent = Agent(self._identity, ports, self._record)
        tasks = {asyncio.create_task(self.agent.run()), asyncio.create_task(self._power_cut.wait())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.agent = None
            outbox.close()
            for button in buttons.values():
                button.close()
            for lamp in lamps.values():
                lamp.close()

    def _record(self, told: Told, lamp: LampSays, spoken_ms: int | None) -> None:
        line = {
            "at_ms": time.time_ns() // 1_000_000 if spoken_ms is None else spoken_ms,
            "button": told.button,
            "alert_id": told.alert_id,
            "stage": told.stage,
            "lamp": lamp.value,
            "said": spoken_ms is not None,
        }
        with (self._folder / "told.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")


def _wire(buttons: list[str]) -> dict[str, Wiring]:
    boards = [SimulatedPins() for _ in range(0, len(buttons), PINS // 2)]
    places = itertools.product(boards, range(FIRST_PIN, FIRST_PIN + PINS, 2))
    return {name: Wiring(board, pin, pin + 1) for name, (board, pin) in zip(buttons, places, strict=False)}
