"""The bare forwarder that the hub is measured against: MQTT in, webhook out, nothing stored."""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp
import aiomqtt
import uvloop

from wire import topics


async def forward(port: int, user: str, password: str, url: str) -> None:
    """Posts each press as it comes; prints `ready` when it is subscribed."""
    client = aiomqtt.Client(
        "127.0.0.1",
        port,
        username=user,
        password=password,
        identifier="forwarder",
        protocol=aiomqtt.ProtocolVersion.V5,
    )
    posts: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=50)) as session, client:

        async def post(payload: bytes) -> None:
            press = json.loads(payload)
            body = {"press_ids": [press["press_id"]], "button": press["button"]}
            async with session.post(url, json=body) as answer:
                await answer.read()

        await client.subscribe(topics.every_device("press"), qos=1)
        print("ready", flush=True)
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            task = asyncio.create_task(post(message.payload))
            posts.add(task)
            task.add_done_callback(posts.discard)


if __name__ == "__main__":
    uvloop.run(forward(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]))
