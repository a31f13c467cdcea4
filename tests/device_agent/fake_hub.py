"""A hub of a few lines: signs, accepts presses, answers clocks, publishes announcements and their audio."""

from __future__ import annotations

import asyncio
import hashlib
import math
import socket
import time
import uuid
from collections.abc import Callable
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from wire import live, messages, topics
from wire.signing import SigningKey

FIRST_SEQ = 1_204_711


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def signed(to: str, valid_ms: int = 600_000) -> dict[str, Any]:
    return {"to": to, "id": str(uuid.uuid4()), "issued_ms": now_ms(), "valid_until_ms": now_ms() + valid_ms}


Outputs = dict[str, messages.Output]


class FakeHub:
    """Records what devices say; `is_accepting` may be switched off to keep presses waiting."""

    def __init__(self, port: int, key: SigningKey) -> None:
        self.is_accepting = True
        self.clock_error_ns = 0
        self.presses: dict[str, list[messages.Press]] = {}
        self.receipts: dict[tuple[str, str], list[messages.Receipt]] = {}
        self.statuses: dict[str, messages.Status] = {}
        self.healths: dict[str, messages.Health] = {}
        self.replies: list[messages.Reply] = []
        self.spoken_us: dict[str, int] = {}
        self.changed = asyncio.Event()
        self._port = port
        self._key = key
        self._client: aiomqtt.Client | None = None

    async def run(self, up: asyncio.Event) -> None:
        """Be a hub until cancelled or cut off; may be run again, and has its session still."""
        async with aiomqtt.Client(
            "127.0.0.1",
            self._port,
            identifier="hub",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            timeout=math.inf,  # else asyncio.wait_for, which in Python 3.11 swallows the cancellation that ends us
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        ) as self._client:
            await self._client.subscribe([(topics.every_device(kind), 1) for kind in topics.FROM_DEVICE])
            up.set()
            async for message in self._client.messages:
                await self._on(message)
                self.changed.set()

    async def until(self, is_so: Any, timeout_s: float = 20.0) -> None:
        """Wait for something to come true; it is looked at whenever a message has come."""
        async with asyncio.timeout(timeout_s):
            while not is_so():
                self.changed.clear()
                await self.changed.wait()

    def states(self, device: str, announcement_id: str) -> list[str]:
        """All states that a device has reported of an announcement, in the order they came."""
        receipts = self.receipts.get((device, announcement_id), [])
        return [each.state.value for receipt in receipts for each in receipt.states]

    async def send(self, topic: str, message: messages.Message, *, retain: bool = False, **extra: Any) -> None:
        """Publish, signed."""
        payload = message.to_payload()
        await self.publish(topic, payload, self._key.sign(payload), retain=retain, **extra)

    async def publish(
        self,
        topic: str,
        payload: bytes,
        user: list[tuple[str, str]],
        *,
        retain: bool = False,
        correlation: bytes | None = None,
    ) -> None:
        """Publish exactly this."""
        assert self._client is not None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types
        properties.UserProperty = user
        if correlation is not None:
            properties.CorrelationData = correlation
        await self._client.publish(topic, payload, 1, retain, properties)

    async def configure(
        self, device: str, places: list[str], outputs: Outputs | None = None, self_test_minute: int | None = None
    ) -> None:
        """Give a device its places in the community `test`."""
        config = messages.Config(
            **signed(device),
            community="test",
            places=places,
            timezone="Asia/Shanghai",
            outputs=outputs or {},
            self_test_minute=self_test_minute,
        )
        await self.send(topics.device(device, "config"), config, retain=True)

    async def publish_audio(self, audio: bytes) -> str:
        """Retain a file under its hash, which is returned."""
        sha256 = hashlib.sha256(audio).hexdigest()
        await self.publish(topics.audio(sha256), audio, [], retain=True)
        return sha256

    async def announce(self, place: str, audio: bytes, duration_ms: int, in_ms: int = 1_000, priority: int = 60) -> str:
        """Publish audio and manifest for a place; returns the announcement's id."""
        sha256 = await self.publish_audio(audio)
        manifest = messages.Manifest(
            **signed(place),
            announcement_id=str(uuid.uuid4()),
            priority=priority,
            title="停水通知",
            text="停水通知",
            audio_sha256=sha256,
            duration_ms=duration_ms,
            play_at_ms=now_ms() + in_ms,
        )
        await self.send(topics.place("test", place), manifest)
        return manifest.announcement_id

    async def speak(
        self,
        place: str,
        packets: list[bytes],
        lost: Callable[[int], int] = lambda seq: 1,
        priority: int = 255,
        delay_ms: int = 200,
    ) -> str:
        """Speak live in a place, in real time, once all devices listen; `lost` says how often each frame goes out.

        Returns once it has ended.
        """
        message = messages.Live(
            **signed(place, 60_000),
            announcement_id=str(uuid.uuid4()),
            priority=priority,
            title="现场喊话",
            first_seq=FIRST_SEQ,
            delay_ms=delay_ms,
        )
        topic = topics.place("test", place)
        await self.send(topic, message)
        await self.until(lambda: all("ready" in self.states(each, message.announcement_id) for each in self.statuses))
        began_us = time.time_ns() // 1_000
        for index, opus in enumerate(packets):
            capture_us = began_us + index * live.FRAME_US
            await asyncio.sleep(max(0.0, (capture_us + live.FRAME_US) / 1e6 - time.time()))
            payload = live.sealed(live.Frame(FIRST_SEQ + index, capture_us, opus), self._key)
            for _ in range(lost(index)):
                await self.send_frame(message.announcement_id, payload)
        end_us = began_us + len(packets) * live.FRAME_US
        end = messages.LiveEnd(**signed(place), announcement_id=message.announcement_id, end_us=end_us)
        await self.send(topic, end)
        self.spoken_us[message.announcement_id] = began_us
        return message.announcement_id

    async def send_frame(self, announcement_id: str, payload: bytes) -> None:
        """One frame of live speech, or what pretends to be one."""
        assert self._client is not None
        await self._client.publish(topics.live(announcement_id), payload, 0)

    async def stage(
        self, device: str, button: str, stage: str, seq: int, alert_id: str, sha256: str | None = None
    ) -> None:
        """Tell a device what its elder may be told."""
        message = messages.AlertStage(
            **signed(device, 60_000),
            alert_id=alert_id,
            button=button,
            stage=messages.Stage(stage),
            stage_seq=seq,
            say="王姐接了",
            audio_sha256=sha256,
        )
        await self.send(topics.device(device, "alert"), message)

    async def _on(self, message: aiomqtt.Message) -> None:
        source = topics.parse_from_device(message.topic.value)
        assert source is not None
        payload = bytes(message.payload)
        match source.kind:
            case "press":
                press = messages.read(messages.Press, payload)
                self.presses.setdefault(source.device, []).append(press)
                if self.is_accepting:
                    await self.accept(source.device, press)
            case "receipt":
                receipt = messages.read(messages.Receipt, payload)
                self.receipts.setdefault((source.device, receipt.announcement_id), []).append(receipt)
            case "status":
                self.statuses[source.device] = messages.read(messages.Status, payload)
            case "health":
                self.healths[source.device] = messages.read(messages.Health, payload)
            case "reply":
                self.replies.append(messages.read(messages.Reply, payload))
            case "clock":
                await self._answer_clock(source.device, payload, message)

    async def accept(self, device: str, press: messages.Press) -> None:
        """Say that a press is on disk."""
        accepted = messages.Accepted(
            **signed(device), press_id=press.press_id, alert_id="a-1", is_new_alert=True, recorded_at_ms=now_ms()
        )
        await self.send(topics.device(device, "accepted"), accepted)

    async def _answer_clock(self, device: str, payload: bytes, message: aiomqtt.Message) -> None:
        received_ns = time.time_ns() + self.clock_error_ns
        probe = messages.read(messages.ClockProbe, payload)
        answer = messages.ClockAnswer(
            **signed(device),
            nonce=probe.nonce,
            sent_ns=probe.sent_ns,
            received_ns=received_ns,
            answered_ns=time.time_ns() + self.clock_error_ns,
        )
        properties: Any = message.properties
        await self.send(properties.ResponseTopic, answer, correlation=properties.CorrelationData)
