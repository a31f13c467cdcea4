"""A connection ends when it is asked to, whatever it waits for at that moment."""

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import aiomqtt
import pytest
from paho.mqtt import MQTTException
from paho.mqtt.packettypes import PacketTypes

from hub.adapters.broker import OwnBroker
from hub.adapters.clock import SystemClock
from hub.adapters.mqtt import HubLink, PressIntake, ReportIntake
from hub.adapters.mqtt import link as hub_link
from hub.adapters.mqtt.connection import answered, connected, new_client, new_properties
from hub.services.raise_alert import Received
from tests.hub.adapters.broker_rig import client as panel
from tests.hub.adapters.mqtt.conftest import address_of
from tests.hub.adapters.mqtt.test_link import KEY, Heard, hub_state, next_of
from wire import topics

Begin = Callable[[OwnBroker], Coroutine[None, None, None]]


def link(broker: OwnBroker) -> Coroutine[None, None, None]:
    return HubLink(lambda: address_of(broker), "hub-link", KEY, lambda: 0).run(Heard().connected)


def reports(broker: OwnBroker) -> Coroutine[None, None, None]:
    return ReportIntake(lambda: address_of(broker), "hub-reports", KEY, SystemClock()).run(Heard().handlers())


def presses(broker: OwnBroker) -> Coroutine[None, None, None]:
    async def store(batch: Sequence[Received]) -> None:
        pass

    return PressIntake(lambda: address_of(broker), "hub-presses", store, lambda: 0).run()


def bring_up(broker: OwnBroker) -> Coroutine[None, None, None]:
    return broker.start()


@pytest.mark.parametrize(
    ("begin", "answer"),
    [
        (link, "_on_connect"),
        (link, "_on_publish"),
        (reports, "_on_connect"),
        (reports, "_on_subscribe"),
        (presses, "_on_connect"),
        (presses, "_on_subscribe"),
        (bring_up, "_on_connect"),
    ],
)
async def test_a_cancellation_that_comes_together_with_the_brokers_answer_is_not_lost(
    broker: OwnBroker, monkeypatch: pytest.MonkeyPatch, begin: Begin, answer: str
) -> None:
    handle = getattr(aiomqtt.Client, answer)

    def answered_and_cancelled(client: aiomqtt.Client, *arguments: Any) -> None:
        handle(client, *arguments)
        task.cancel()

    monkeypatch.setattr(aiomqtt.Client, answer, answered_and_cancelled)
    task = asyncio.create_task(begin(broker))
    await asyncio.wait([task], timeout=10)
    assert task.cancelled()


async def test_a_hub_that_is_ended_as_it_says_online_says_offline(
    broker: OwnBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broker.start()
    handle = aiomqtt.Client._on_publish

    def answered_and_cancelled(client: aiomqtt.Client, *arguments: Any) -> None:
        handle(client, *arguments)
        task.cancel()

    with monkeypatch.context() as changed:
        changed.setattr(aiomqtt.Client, "_on_publish", answered_and_cancelled)
        task = asyncio.create_task(link(broker))
        await asyncio.wait([task], timeout=10)
    assert await hub_state(broker) == "offline"


async def test_a_hub_whose_online_is_not_answered_says_offline_before_it_tries_again(
    broker: OwnBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broker.start()
    handle, unanswered = aiomqtt.Client._on_publish, [True]

    def first_one_lost(client: aiomqtt.Client, *arguments: Any) -> None:
        if not unanswered:
            handle(client, *arguments)
        unanswered.clear()

    async with panel(broker, "panel-1") as reader:
        await reader.subscribe(topics.HUB_STATUS, qos=1)
        monkeypatch.setattr(aiomqtt.Client, "_on_publish", first_one_lost)
        monkeypatch.setattr(hub_link, "answered", lambda within_s=0.2: answered(within_s))
        task = asyncio.create_task(link(broker))
        states = [json.loads((await next_of(reader)).payload)["state"] for _ in range(3)]
        task.cancel()
        await asyncio.wait([task])
    assert states == ["online", "offline", "online"]


async def test_a_small_message_does_not_wait_for_the_answer_to_the_one_before(broker: OwnBroker) -> None:
    await broker.start()
    client = new_client(address_of(broker), "anybody", is_lasting=False)
    async with connected(client):
        whole: Any = client._client.socket()  # paho says that there may be none
        assert whole.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_a_broker_that_does_not_answer_is_treated_as_lost() -> None:
    with pytest.raises(aiomqtt.MqttError, match=r"within 0.01 s"):
        async with answered(0.01):
            await asyncio.Event().wait()


@pytest.mark.parametrize("kind", [PacketTypes.CONNECT, PacketTypes.CONNACK, PacketTypes.PUBLISH, PacketTypes.PUBACK])
def test_properties_that_share_their_tables_hold_what_they_alone_were_given(kind: int) -> None:
    one: Any = new_properties(kind)  # paho's own are not typed
    other: Any = new_properties(kind)
    one.UserProperty = ("signature", "x")
    assert (one.packetType, one.isEmpty(), other.isEmpty()) == (kind, False, True)
    assert other.unpack(one.pack())[0].UserProperty == [("signature", "x")]
    one.clear()
    assert one.isEmpty()
    assert other.UserProperty == [("signature", "x")]
    wrong = "SessionExpiryInterval" if kind == PacketTypes.PUBLISH else "TopicAlias"
    with pytest.raises(MQTTException):
        setattr(one, wrong, 1)
