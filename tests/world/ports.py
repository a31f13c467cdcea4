"""Ports for servers that are started, killed and started again at the same one."""

from __future__ import annotations

import random
import socket

BELOW_EPHEMERAL = range(15_000, 32_000)
"""Linux gives connections ports from 32768 up: one of those that was free a moment ago may be anybody's by now, above
all while tests run side by side, or while the server is away between a kill and its next start."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    while True:
        port = random.choice(BELOW_EPHEMERAL)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
