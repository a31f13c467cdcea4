"""Presses that wait for a disk: told to people once each, and forgotten when they are stored."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hub.services import unrecorded
from hub.services.raise_alert import Received
from hub.services.unrecorded import Unrecorded
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.fakes.news import FakeNews


class Rig:
    def __init__(self, address: str = "http://duty.example/") -> None:
        self.channel = FakeChannel()
        self.news = FakeNews()
        self.unrecorded = Unrecorded(self.channel, address, "zh", FakeClock(), self.news)


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    task = asyncio.create_task(made.unrecorded.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def press(number: int) -> Received:
    return Received("dev-1", b'{"press_id":"p%d","button":"b","pressed_at_ms":1,"seq":1}' % number, 7)


async def test_a_press_that_is_told_twice_is_sent_once(rig: Rig) -> None:
    rig.unrecorded.tell([press(1), press(1)])
    rig.unrecorded.tell([press(1), press(2)])
    await rig.channel.wait_sent(2)
    assert [message.body["press_ids"] for _, message in rig.channel.sent] == [["p1"], ["p2"]]
    assert {message.text for _, message in rig.channel.sent} == {"有呼叫没有存下来，请马上检查系统。"}
    assert rig.unrecorded.count == 2


async def test_stored_presses_are_no_longer_counted_and_the_pages_hear_of_it(rig: Rig) -> None:
    rig.unrecorded.tell([press(1), press(2)])
    rig.unrecorded.clear([press(1), press(3)])
    assert rig.unrecorded.count == 1
    rig.unrecorded.clear([press(2)])
    assert rig.unrecorded.count == 0
    assert rig.news.topics == ["unrecorded"] * 3
    rig.unrecorded.clear([press(2)])
    assert len(rig.news.topics) == 3


async def test_a_press_that_is_stored_before_its_turn_is_not_told(rig: Rig) -> None:
    rig.channel.open_gate.clear()
    rig.unrecorded.tell([press(1), press(2), press(3)])
    await rig.channel.wait_begun(1)
    rig.unrecorded.clear([press(2)])
    rig.channel.open_gate.set()
    await rig.channel.wait_sent(2)
    assert [message.body["press_ids"] for _, message in rig.channel.sent] == [["p1"], ["p3"]]


async def test_a_gateway_that_hangs_does_not_end_the_telling(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unrecorded, "SEND_TIMEOUT_S", 0.01)
    monkeypatch.setattr(unrecorded, "TRY_EVERY_S", 0.0)
    rig.channel.open_gate.clear()
    rig.unrecorded.tell([press(1), press(2)])
    await rig.channel.wait_begun(3)
    rig.channel.open_gate.set()
    await rig.channel.wait_sent(2)


async def test_what_cannot_be_read_is_told_too(rig: Rig) -> None:
    rig.unrecorded.tell([Received("dev-1", b"\xff\xfe", 7)])
    await rig.channel.wait_sent(1)
    assert rig.channel.sent[0][1].body["place"] == "dev-1"


async def test_without_an_address_the_pages_alone_say_it() -> None:
    rig = Rig(address="")
    rig.unrecorded.tell([press(1)])
    assert rig.unrecorded.count == 1
    assert rig.news.topics == ["unrecorded"]
