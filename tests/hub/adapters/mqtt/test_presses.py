"""Presses over a real broker: acknowledged only when stored, all of them, whatever one of them does."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from hub.adapters.broker import OwnBroker
from hub.adapters.mqtt import PressIntake, presses
from hub.adapters.mqtt.connection import keep_connected
from hub.services.raise_alert import Received
from tests.hub.adapters.broker_rig import client, wait_until, watched
from tests.hub.adapters.mqtt.conftest import address_of
from wire import topics

PRESS = topics.device("panel-1", "press")


class Store:
    """Takes what it is handed, unless it is told to hang or to refuse a payload."""

    def __init__(self) -> None:
        self.begun: list[list[bytes]] = []
        self.taken: list[bytes] = []
        self.devices: set[str] = set()
        self.refuses: set[bytes] = set()
        self.works = asyncio.Event()
        self.works.set()

    async def __call__(self, batch: Sequence[Received]) -> None:
        self.begun.append([one.payload for one in batch])
        await self.works.wait()
        if self.refuses.intersection(one.payload for one in batch):
            raise RuntimeError("cannot be stored")
        self.taken += [one.payload for one in batch]
        self.devices |= {one.device for one in batch}


@asynccontextmanager
async def taking(broker: OwnBroker, store: Store) -> AsyncIterator[PressIntake]:
    """An intake that runs until the end of the block, connected at its beginning."""
    intake = PressIntake(lambda: address_of(broker), "hub-presses", store, lambda: time.time_ns() // 10**6)
    task = asyncio.create_task(intake.run())
    try:
        await wait_until(lambda: intake.is_connected)
        yield intake
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_press_arrives_as_its_bytes_with_its_device(broker: OwnBroker) -> None:
    store = Store()
    async with taking(broker, store), client(broker, "panel-1") as panel:
        for payload in (b"\xff\x00 not even text", b"", b"x" * 1_000_000):
            await panel.publish(PRESS, payload, qos=1)
        await panel.publish(PRESS, b"by chance", qos=0)
        await wait_until(lambda: len(store.taken) == 4)
    assert store.taken == [b"\xff\x00 not even text", b"", b"x" * 1_000_000, b"by chance"]
    assert store.devices == {"panel-1"}


async def test_what_was_not_stored_when_the_hub_died_is_delivered_to_the_next_one(broker: OwnBroker) -> None:
    store = Store()
    store.works.clear()
    async with taking(broker, store), client(broker, "panel-1") as panel:
        await panel.publish(PRESS, b"one", qos=1)
        await panel.publish(PRESS, b"two", qos=1)
        await wait_until(lambda: len(store.begun) >= 1)
    after = Store()
    async with taking(broker, after):
        await wait_until(lambda: len(after.taken) == 2)
    assert store.taken == []
    assert after.taken == [b"one", b"two"]


async def test_what_was_stored_is_not_delivered_again(broker: OwnBroker) -> None:
    store = Store()
    async with taking(broker, store), client(broker, "panel-1") as panel:
        await panel.publish(PRESS, b"one", qos=1)
        await wait_until(lambda: store.taken == [b"one"])
    after = Store()
    async with taking(broker, after), client(broker, "panel-1") as panel:
        await panel.publish(PRESS, b"two", qos=1)
        await wait_until(lambda: len(after.taken) >= 1)
    assert after.taken == [b"two"]


async def test_presses_made_while_no_hub_ran_all_arrive(broker: OwnBroker) -> None:
    async with taking(broker, Store()):
        pass  # from now on the broker keeps a session
    expected = [b"press %d" % number for number in range(300)]
    async with client(broker, "panel-1") as panel:
        panel.pending_calls_threshold = 1_000
        await asyncio.gather(*(panel.publish(PRESS, payload, qos=1) for payload in expected))
    store = Store()
    async with taking(broker, store):
        await wait_until(lambda: len(store.taken) == len(expected))
    assert sorted(store.taken) == sorted(expected)


async def test_more_presses_than_may_be_on_their_way_all_arrive_at_a_store_that_hangs_at_first(
    broker: OwnBroker,
) -> None:
    store = Store()
    store.works.clear()
    expected = [b"press %d" % number for number in range(2_000)]
    async with taking(broker, store), client(broker, "panel-1") as panel:
        panel.pending_calls_threshold = 10_000
        await asyncio.gather(*(panel.publish(PRESS, payload, qos=1) for payload in expected))
        await wait_until(lambda: sum(map(len, store.begun)) == presses.AT_HAND)  # the Receive Maximum
        store.works.set()
        await wait_until(lambda: len(store.taken) >= 2_000)
    assert Counter(store.taken) == Counter(expected)


async def test_behind_a_store_that_hangs_every_press_is_handed_over(broker: OwnBroker) -> None:
    store = Store()
    store.works.clear()
    async with taking(broker, store), client(broker, "panel-1") as panel:
        await panel.publish(PRESS, b"first", qos=1)
        await wait_until(lambda: store.begun == [[b"first"]])
        await panel.publish(PRESS, b"second", qos=1)
        await wait_until(lambda: store.begun == [[b"first"], [b"second"]])
        store.works.set()
        await wait_until(lambda: len(store.taken) == 2)


async def test_a_press_that_nobody_can_store_holds_up_no_other_and_is_tried_again(
    broker: OwnBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presses, "RETRY_S", 0.01)
    store = Store()
    store.refuses = {b"poison"}
    async with taking(broker, store), client(broker, "panel-1") as panel:
        await asyncio.gather(*(panel.publish(PRESS, payload, qos=1) for payload in (b"a", b"poison", b"b")))
        await wait_until(lambda: sorted(store.taken) == [b"a", b"b"])
        tries = len(store.begun)
        await wait_until(lambda: len(store.begun) > tries + 3)
        store.refuses.clear()
        await wait_until(lambda: len(store.taken) == 3)
    after = Store()
    async with taking(broker, after), client(broker, "panel-1") as panel:
        await panel.publish(PRESS, b"next", qos=1)
        await wait_until(lambda: len(after.taken) >= 1)
    assert after.taken == [b"next"]


async def test_a_retained_press_is_old_and_ignored_and_does_not_come_back(broker: OwnBroker) -> None:
    async with client(broker, "panel-1") as panel:
        await panel.publish(PRESS, b"old", qos=1, retain=True)
    for _ in range(2):
        store = Store()
        async with taking(broker, store), client(broker, "panel-1") as panel:
            await panel.publish(PRESS, b"new", qos=1)
            await wait_until(lambda taken=store.taken: len(taken) >= 1)  # type: ignore[misc]
        assert store.taken == [b"new"]


async def test_after_the_brokers_death_presses_arrive_again(broker: OwnBroker) -> None:
    store = Store()
    async with watched(broker), taking(broker, store) as intake:
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        await wait_until(lambda: not intake.is_connected)
        await wait_until(lambda: intake.is_connected)
        async with client(broker, "panel-1") as panel:
            await panel.publish(PRESS, b"after", qos=1)
            await wait_until(lambda: store.taken == [b"after"])


async def test_what_breaks_beside_mqtt_ends_the_connection_and_not_the_hub() -> None:
    tries = 0
    reached = asyncio.Event()

    async def connection() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("a defect")
        if tries == 2:
            raise aiomqtt.MqttError("lost")
        reached.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise aiomqtt.MqttError("hides the cancellation") from None

    task = asyncio.create_task(keep_connected("test", connection))
    await asyncio.wait_for(reached.wait(), 10)
    task.cancel()
    await asyncio.wait([task], timeout=10)
    assert task.cancelled()
