"""A third-party client that presses buttons: any MQTT client that publishes once and never repeats."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field

import aiomqtt

from wire import topics


@dataclass
class Buttons:
    """Presses on a connected client; `sent` holds by press id when the publish began, `acknowledged` those taken."""

    client: aiomqtt.Client
    device: str
    sent: dict[str, float] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)

    async def press(self, button: str) -> str:
        """One press of one button; returns its id when the broker has acknowledged it."""
        press_id = str(uuid.uuid4())
        body = {"press_id": press_id, "button": button, "pressed_at_ms": time.time_ns() // 10**6, "seq": len(self.sent)}
        self.sent[press_id] = time.monotonic()
        await self.client.publish(topics.device(self.device, "press"), json.dumps(body), qos=1)
        self.acknowledged.add(press_id)
        return press_id

    async def stream(self, prefix: str, rate_per_s: float, seconds: float) -> list[str]:
        """Presses of so many different buttons, evenly spaced; their ids."""
        began, count = time.monotonic(), int(rate_per_s * seconds)
        tasks: list[asyncio.Task[str]] = []
        for index in range(count):
            await asyncio.sleep(max(0.0, began + index / rate_per_s - time.monotonic()))
            tasks.append(asyncio.create_task(self.press(f"{prefix}-{index}")))
        return list(await asyncio.gather(*tasks))

    async def burst(self, prefix: str, count: int) -> list[str]:
        """So many presses of as many buttons, all at once; their ids."""
        return list(await asyncio.gather(*(self.press(f"{prefix}-{index}") for index in range(count))))


def client(port: int, user: str, password: str) -> aiomqtt.Client:
    """An ordinary client: clean session, no repeats."""
    made = aiomqtt.Client(
        "127.0.0.1",
        port,
        username=user,
        password=password,
        identifier=f"{user}-{uuid.uuid4()}",
        protocol=aiomqtt.ProtocolVersion.V5,
        max_inflight_messages=1000,
        timeout=60,
    )
    made.pending_calls_threshold = 100_000
    return made
