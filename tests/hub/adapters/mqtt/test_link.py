"""Everything but presses over a real broker: birth and will, signed publishing, the clock, what devices report."""

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.adapters.broker import OwnBroker
from hub.adapters.clock import SystemClock
from hub.adapters.mqtt import Address, Handlers, HubLink, ReportIntake
from hub.services.ports import PublishFailed, Sound
from tests.hub.adapters.broker_rig import client, wait_until, watched
from tests.hub.adapters.mqtt.conftest import address_of
from wire import topics
from wire.messages import Health, Receipt, Reply, Status
from wire.signing import SigningKey, VerifyKeys

MS = 1_000_000
KEY = SigningKey.generate()
TRUSTED = VerifyKeys([KEY.public_bytes])
STATUS = {"state": "online", "session": "s1", "at_ms": 1}


class Heard:
    """What the link handed over; `error` is raised by every handler that is awaited."""

    def __init__(self) -> None:
        self.statuses: list[tuple[str, Status, bool]] = []
        self.receipts: list[tuple[str, Receipt]] = []
        self.healths: list[tuple[str, Health]] = []
        self.replies: list[tuple[str, Reply]] = []
        self.connections = 0
        self.report_connections = 0
        self.error: Exception | None = None

    def handlers(self) -> Handlers:
        return Handlers(self._statuses, self._receipts, self._health, self._reply)

    async def _statuses(self, batch: Sequence[tuple[str, Status, bool]]) -> None:
        self._fail()
        self.statuses += batch

    async def _receipts(self, batch: Sequence[tuple[str, Receipt]]) -> None:
        self._fail()
        self.receipts += batch

    async def _health(self, batch: Sequence[tuple[str, Health]]) -> None:
        self._fail()
        self.healths += batch

    def _reply(self, device: str, reply: Reply) -> None:
        self.replies.append((device, reply))

    async def connected(self) -> None:
        self.connections += 1

    def _fail(self) -> None:
        if self.error:
            raise self.error


@asynccontextmanager
async def linked(broker: OwnBroker, heard: Heard) -> AsyncIterator[HubLink]:
    """A link, and what takes reports beside it, until the end of the block; both connected at its beginning."""
    link = HubLink(lambda: address_of(broker), "hub-link", KEY, lambda: time.time_ns() // 10**6)

    def address() -> Address:  # asked for once a connection
        heard.report_connections += 1
        return address_of(broker)

    reports = ReportIntake(address, "hub-reports", KEY, SystemClock())
    tasks = [asyncio.create_task(link.run(heard.connected)), asyncio.create_task(reports.run(heard.handlers()))]
    try:
        await wait_until(lambda: link.is_connected and reports.is_connected and heard.connections > 0)
        yield link
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def next_of(reader: aiomqtt.Client) -> aiomqtt.Message:
    async with asyncio.timeout(10):
        return await anext(aiter(reader.messages))


async def hub_state(broker: OwnBroker) -> str:
    """What the retained status of the hub says now."""
    async with client(broker, "panel-1") as reader:
        await reader.subscribe(topics.HUB_STATUS, qos=1)
        message = await next_of(reader)
        assert isinstance(message.payload, bytes)
        return str(json.loads(message.payload)["state"])


def properties_of(message: aiomqtt.Message) -> dict[str, str]:
    return dict(getattr(message.properties, "UserProperty", []))


async def test_the_hub_is_online_while_it_runs_and_offline_after_it_ended_in_good_order(broker: OwnBroker) -> None:
    async with linked(broker, Heard()):
        assert await hub_state(broker) == "online"
    assert await hub_state(broker) == "offline"


async def test_the_broker_says_offline_for_a_hub_that_dies(broker: OwnBroker) -> None:
    async with linked(broker, Heard()) as link, client(broker, "panel-1") as reader:
        await reader.subscribe(topics.HUB_STATUS, qos=1)
        assert json.loads((await next_of(reader)).payload)["state"] == "online"
        assert link._client is not None
        link._client._client.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # as a dying process does
        states = [json.loads((await next_of(reader)).payload)["state"] for _ in range(2)]
        assert states == ["offline", "online"]


async def test_what_is_published_to_a_device_is_signed_and_expires(broker: OwnBroker) -> None:
    async with linked(broker, Heard()) as link, client(broker, "panel-1") as panel:
        await panel.subscribe(topics.device("panel-1", "alert"), qos=1)
        await link.to_device("panel-1", "alert", b'{"x":1}', expiry_s=60)
        message = await next_of(panel)
    assert message.payload == b'{"x":1}'
    assert 0 < message.properties.MessageExpiryInterval <= 60  # type: ignore[union-attr]
    TRUSTED.check(b'{"x":1}', properties_of(message))


async def test_audio_is_retained_under_its_hash(broker: OwnBroker) -> None:
    sound = Sound(b"opus", "ab" * 32, 1_000)
    async with linked(broker, Heard()) as link:
        await link.audio(sound, expiry_s=60)
    async with client(broker, "panel-1") as panel:
        await panel.subscribe(topics.audio(sound.sha256), qos=1)
        message = await next_of(panel)
    assert (message.payload, message.retain) == (b"opus", True)


async def test_a_clock_probe_is_answered_on_the_devices_own_topic_with_its_nonce_signed(broker: OwnBroker) -> None:
    async with linked(broker, Heard()), client(broker, "panel-1") as panel:
        await panel.subscribe(topics.clock_answer("panel-1"), qos=0)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho
        properties.ResponseTopic = topics.device("panel-2", "command")
        properties.CorrelationData = b"c-1"
        before_ns = time.time_ns()
        await panel.publish(
            topics.device("panel-1", "clock"), b'{"nonce":"n-1","sent_ns":7}', qos=0, properties=properties
        )
        message = await next_of(panel)
    assert isinstance(message.payload, bytes)
    answer = json.loads(message.payload)
    assert (answer["nonce"], answer["sent_ns"], answer["to"]) == ("n-1", 7, "panel-1")
    assert before_ns - MS <= answer["received_ns"] <= answer["answered_ns"] <= time.time_ns() + MS
    assert answer["timeline"] == SystemClock().timeline().model_dump() | {"base_ns": answer["timeline"]["base_ns"]}
    assert 0 < answer["received_ns"] - answer["timeline"]["base_ns"] < SystemClock().steady_ns()
    assert message.properties.CorrelationData == b"c-1"  # type: ignore[union-attr]
    TRUSTED.check(message.payload, properties_of(message))


async def test_without_a_link_publishing_fails_and_says_so(broker: OwnBroker) -> None:
    link = HubLink(lambda: address_of(broker), "hub-link", KEY, lambda: 0)
    with pytest.raises(PublishFailed):
        await link.to_device("panel-1", "alert", b"{}", expiry_s=60)
    async with linked(broker, Heard()) as link:
        pass
    with pytest.raises(PublishFailed):
        await link.audio(Sound(b"", "ab" * 32, 0), expiry_s=60)


async def test_what_devices_report_is_handed_over_by_kind(broker: OwnBroker) -> None:
    heard = Heard()
    async with linked(broker, heard), client(broker, "panel-1") as panel:
        reports = {
            "status": STATUS,
            "receipt": {"announcement_id": "a", "states": [{"state": "received", "at_ms": 1}]},
            "health": {"uptime_s": 1},
            "reply": {"command_id": "c", "is_ok": True},
        }
        for kind, content in reports.items():
            await panel.publish(topics.device("panel-1", kind), json.dumps(content), qos=1)
        await wait_until(lambda: bool(heard.statuses and heard.receipts and heard.healths and heard.replies))
    assert [one[0] for one in (*heard.statuses, *heard.receipts, *heard.healths, *heard.replies)] == ["panel-1"] * 4
    assert heard.statuses[0][2] is False


async def test_a_report_that_cannot_be_read_or_handled_holds_up_no_other(broker: OwnBroker) -> None:
    heard = Heard()
    async with linked(broker, heard), client(broker, "panel-1") as panel:
        for kind in ("status", "receipt", "health", "reply", "clock"):
            for payload in (b"", b"nonsense", b"[" * 50_000, b'{"state":1e400}', b"\xff"):
                await panel.publish(topics.device("panel-1", kind), payload, qos=1)
        heard.error = RuntimeError("the disk is full")
        await panel.publish(topics.device("panel-1", "status"), json.dumps(STATUS), qos=1)
        await panel.publish(topics.device("panel-1", "health"), b'{"uptime_s":1}', qos=1)
        await panel.publish(topics.device("panel-1", "reply"), b'{"command_id":"c","is_ok":true}', qos=1)
        await wait_until(lambda: bool(heard.replies))
        heard.error = None
        await panel.publish(topics.device("panel-1", "status"), json.dumps(STATUS), qos=1)
        await wait_until(lambda: bool(heard.statuses))
    assert heard.report_connections == 1  # nothing of it broke the connection


async def test_after_the_brokers_death_the_link_comes_back_and_says_so(broker: OwnBroker) -> None:
    heard = Heard()
    async with watched(broker), linked(broker, heard) as link:
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        await wait_until(lambda: not link.is_connected)
        with pytest.raises(PublishFailed):
            await link.to_device("panel-1", "alert", b"{}", expiry_s=60)
        await wait_until(lambda: link.is_connected and heard.connections == 2)
        await link.to_device("panel-1", "alert", b"{}", expiry_s=60)
        assert await hub_state(broker) == "online"
