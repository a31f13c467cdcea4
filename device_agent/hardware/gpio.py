"""Buttons and lamps on GPIO pins, through gpiozero with a pin factory that is passed explicitly."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeAlias

from gpiozero import LED, DigitalInputDevice, Factory

from device_agent.hardware.ports import ButtonEdge, LampPattern

DEBOUNCE_S = 0.01  # contacts settle within it; the shortest press of a finger takes 50 ms
BLINK_HALF_S = {LampPattern.SLOW_BLINK: 0.5, LampPattern.FAST_BLINK: 0.125}

PinFactory: TypeAlias = Factory


def raspberry_pi_pins() -> PinFactory:
    """The pins of the machine that this runs on. Raises gpiozero's or lgpio's error where there are none."""
    from gpiozero.pins.lgpio import LGPIOFactory  # only there with the Pi's own library

    return LGPIOFactory()


class GpioButton:
    """A `ports.Button` between a pin and ground.

    gpiozero's own Button keeps a thread for gestures that wakes ten times a second; its parent class has none.
    """

    def __init__(self, button: str, pin: int, pins: PinFactory) -> None:
        self._button = button
        self._device = DigitalInputDevice(pin, pull_up=True, bounce_time=DEBOUNCE_S, pin_factory=pins)

    @property
    def is_down(self) -> bool:
        return bool(self._device.is_active)

    def watch(self, changed: Callable[[ButtonEdge], None]) -> None:
        loop = asyncio.get_running_loop()

        def report(is_down: bool) -> None:
            edge = ButtonEdge(self._button, is_down, time.monotonic())
            loop.call_soon_threadsafe(changed, edge)  # gpiozero calls from a thread of its own

        self._device.when_activated = lambda: report(True)
        self._device.when_deactivated = lambda: report(False)

    def close(self) -> None:
        self._device.close()


class GpioLamp:
    """A `ports.Lamp` on a pin; the loop's timer blinks it (gpiozero would take a thread for each)."""

    def __init__(self, pin: int, pins: PinFactory) -> None:
        self._led = LED(pin, pin_factory=pins)
        self._timer: asyncio.TimerHandle | None = None

    def show(self, pattern: LampPattern) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._led.value = pattern is not LampPattern.OFF
        if pattern in BLINK_HALF_S:
            self._blink_in(BLINK_HALF_S[pattern])

    def _blink_in(self, half_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(half_s, self._toggle, half_s)

    def _toggle(self, half_s: float) -> None:
        self._led.toggle()
        self._blink_in(half_s)

    def close(self) -> None:
        self.show(LampPattern.OFF)
        self._led.close()
