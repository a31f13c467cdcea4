"""Buttons and lamps, by the real GPIO code on mock pins."""

import asyncio
import threading

import pytest

from device_agent.hardware.gpio import BLINK_HALF_S, GpioButton, GpioLamp
from device_agent.hardware.ports import ButtonEdge, LampPattern
from firmware_sim.hardware.pins import SimulatedPins

BUTTON, LAMP = 5, 20


async def test_a_press_is_reported_in_the_loop_when_it_goes_down_and_when_it_comes_up() -> None:
    pins = SimulatedPins()
    button = GpioButton("17-2-502", BUTTON, pins.factory)
    edges = asyncio.Queue[ButtonEdge]()
    button.watch(edges.put_nowait)

    def finger() -> None:
        pins.press(BUTTON)
        pins.release(BUTTON)

    hand = threading.Thread(target=finger)
    hand.start()
    down, up = await edges.get(), await edges.get()
    hand.join()

    assert (down.button, down.is_down, up.button, up.is_down) == ("17-2-502", True, "17-2-502", False)
    assert 0 < down.at_s <= up.at_s
    button.close()


async def test_a_closed_button_reports_nothing_and_frees_its_pin() -> None:
    pins = SimulatedPins()
    button = GpioButton("b", BUTTON, pins.factory)
    edges: list[ButtonEdge] = []
    button.watch(edges.append)
    button.close()
    pins.press(BUTTON)
    await asyncio.sleep(0)
    assert edges == []
    GpioButton("again", BUTTON, pins.factory).close()


async def test_a_button_that_is_held_at_start_says_so() -> None:
    pins = SimulatedPins()
    button = GpioButton("b", BUTTON, pins.factory)
    assert not button.is_down
    pins.press(BUTTON)
    assert button.is_down


async def test_buildings_do_not_feel_each_others_buttons() -> None:
    here, there = SimulatedPins(), SimulatedPins()
    button = GpioButton("b", BUTTON, here.factory)
    there_button = GpioButton("b", BUTTON, there.factory)
    here.press(BUTTON)
    assert button.is_down
    assert not there_button.is_down


async def test_buttons_and_lamps_take_no_thread() -> None:
    before = threading.active_count()
    pins = SimulatedPins()
    button, lamp = GpioButton("b", BUTTON, pins.factory), GpioLamp(LAMP, pins.factory)
    lamp.show(LampPattern.FAST_BLINK)
    assert threading.active_count() == before
    lamp.close()
    button.close()


class FakeTimer:
    """Stands for the loop's `call_later`: time passes when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 0.0
        self._calls: list[tuple[float, asyncio.TimerHandle, tuple[object, ...]]] = []
        self._loop = asyncio.get_running_loop()
        monkeypatch.setattr(self._loop, "call_later", self._call_later)

    def _call_later(self, delay_s: float, callback: object, *arguments: object) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self.now_s + delay_s, callback, arguments, self._loop)  # type: ignore[arg-type]
        self._calls.append((self.now_s + delay_s, handle, arguments))
        return handle

    def pass_s(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while due := [call for call in self._calls if call[0] <= end_s and not call[1].cancelled()]:
            first = min(due, key=lambda call: call[0])
            self._calls.remove(first)
            self.now_s = first[0]
            first[1]._run()
        self.now_s = end_s


@pytest.mark.parametrize("pattern", list(BLINK_HALF_S))
async def test_a_blinking_lamp_goes_on_and_off_by_itself(pattern: LampPattern, monkeypatch: pytest.MonkeyPatch) -> None:
    pins, timer = SimulatedPins(), FakeTimer(monkeypatch)
    lamp = GpioLamp(LAMP, pins.factory)
    lamp.show(pattern)
    seen = []
    for _ in range(4):
        seen.append(pins.is_lit(LAMP))
        timer.pass_s(BLINK_HALF_S[pattern])
    assert seen == [True, False, True, False]
    lamp.close()


@pytest.mark.parametrize(("pattern", "is_lit"), [(LampPattern.STEADY, True), (LampPattern.OFF, False)])
async def test_a_steady_lamp_stops_blinking(
    pattern: LampPattern, is_lit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins, timer = SimulatedPins(), FakeTimer(monkeypatch)
    lamp = GpioLamp(LAMP, pins.factory)
    lamp.show(LampPattern.FAST_BLINK)
    lamp.show(pattern)
    for _ in range(5):
        assert pins.is_lit(LAMP) is is_lit
        timer.pass_s(0.125)
    lamp.close()
