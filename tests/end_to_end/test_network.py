"""The network between browser and console, which tests cut."""

from __future__ import annotations

import asyncio
import socket
import struct

from tests.end_to_end.pages_rig import Network

AT_ONCE = struct.pack("ii", 1, 0)


async def test_a_connection_that_the_server_resets_is_over_for_the_browser_too() -> None:
    """As when a request meets the end of a connection's idle time: a browser that learns of it asks again."""

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(5))
        await reader.readexactly(5)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        writer.transport.abort()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    async with server, Network(server.sockets[0].getsockname()[1]) as network:
        reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
        writer.write(b"first")
        assert await reader.readexactly(5) == b"first"
        writer.write(b"again")
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()
