"""What the hub has to say to devices goes out here, signed; nothing comes in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.adapters.mqtt.connection import Address, answered, connected, keep_connected, new_client, new_properties
from hub.services.ports import PublishFailed, Sound
from wire import topics
from wire.ids import new_id
from wire.live import Frame, sealed
from wire.messages import HubStatus, LinkState
from wire.signing import SigningKey

FAREWELL_S = 2.0
PUBLISH_S = 10.0
"""A broker that has not taken a message by then is not waited for any longer."""


class HubLink:
    """Publishes for the services (ports.Publisher), and says that the hub is there.

    A connection of its own: the broker's word that it has taken a message would stand behind all that devices report.
    """

    def __init__(
        self, address: Callable[[], Address], identifier: str, key: SigningKey, now_ms: Callable[[], int]
    ) -> None:
        self._address = address
        self._identifier = identifier
        self._key = key
        self._now_ms = now_ms
        self._epoch = new_id(now_ms())
        self._client: aiomqtt.Client | None = None

    @property
    def is_connected(self) -> bool:
        """Whether a publish has a chance now."""
        return self._client is not None

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        """Signs and publishes below the device's own branch; raises PublishFailed."""
        await self._publish(topics.device(device, kind), payload, expiry_s, is_retained=is_retained)

    async def to_place(self, community: str, place: str, payload: bytes, *, expiry_s: int) -> None:
        """Signs and publishes to everyone in the place; raises PublishFailed."""
        await self._publish(topics.place(community, place), payload, expiry_s)

    async def audio(self, sound: Sound, *, expiry_s: int) -> None:
        """Retains the file; its topic is its proof, so it needs no signature. Raises PublishFailed."""
        await self._send(topics.audio(sound.sha256), sound.opus, _expiring(expiry_s), is_retained=True)

    async def live(self, announcement_id: str, frame: Frame) -> None:
        """Signs and publishes a frame of live speech, which is worth nothing later; raises PublishFailed."""
        if self._client is None:
            raise PublishFailed("no connection to the broker")
        try:
            async with answered():
                await self._client.publish(topics.live(announcement_id), sealed(frame, self._key), qos=0)
        except aiomqtt.MqttError as error:
            raise PublishFailed(str(error)) from error

    async def _publish(self, topic: str, payload: bytes, expiry_s: int, *, is_retained: bool = False) -> None:
        properties = _expiring(expiry_s)
        properties.UserProperty = self._key.sign(payload)
        await self._send(topic, payload, properties, is_retained=is_retained)

    async def _send(self, topic: str, payload: bytes, properties: Properties, *, is_retained: bool) -> None:
        if self._client is None:
            raise PublishFailed("no connection to the broker")
        try:
            async with asyncio.timeout(PUBLISH_S):
                await self._client.publish(topic, payload, qos=1, retain=is_retained, properties=properties)
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise PublishFailed(str(error) or f"not acknowledged within {PUBLISH_S:.0f} s") from error

    async def run(self, on_connected: Callable[[], Coroutine[None, None, None]]) -> None:
        """Serves until cancelled; `on_connected` is begun at each connection."""
        await keep_connected("link", lambda: self._connection(on_connected))

    async def _connection(self, on_connected: Callable[[], Coroutine[None, None, None]]) -> None:
        will = aiomqtt.Will(topics.HUB_STATUS, self._status(LinkState.OFFLINE), qos=1, retain=True)
        client = new_client(self._address(), self._identifier, will=will, is_lasting=False)
        try:
            async with connected(client), asyncio.TaskGroup() as group:
                try:
                    async with answered():
                        await client.publish(topics.HUB_STATUS, self._status(LinkState.ONLINE), qos=1, retain=True)
                    self._client = client
                    group.create_task(on_connected())
                    async for _ in client.messages:
                        pass  # nothing is subscribed to; this ends when the connection does
                except (asyncio.CancelledError, aiomqtt.MqttError):
                    # The broker sends no will for a client that leaves in good order; ONLINE may stand there already.
                    with contextlib.suppress(aiomqtt.MqttError):
                        async with answered(FAREWELL_S):
                            offline = self._status(LinkState.OFFLINE)
                            await client.publish(topics.HUB_STATUS, offline, qos=1, retain=True)
                    raise
        finally:
            self._client = None

    def _status(self, state: LinkState) -> bytes:
        return HubStatus(state=state, epoch=self._epoch, at_ms=self._now_ms()).to_payload()


def _expiring(expiry_s: int) -> Properties:
    properties = new_properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = expiry_s
    return properties
