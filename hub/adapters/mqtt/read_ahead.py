"""A socket that is read in pieces of some kilobytes, whatever pieces it is asked for."""

from __future__ import annotations

import socket
import ssl
from typing import Any

PIECE = 4_096
"""Bytes: some 16 messages of devices, which are handled in a row, in about 2 ms. Then others have their turn."""
TLS_RECORD = 16_384
"""Bytes of a record at most (RFC 8446, 5.1). What is left of one shows as pending, and aiomqtt would read on."""


class ReadAhead:
    """Stands in for paho's socket, which asks for a packet in four calls of `recv`.

    Each call is one into the system, and lets another thread of Python go first; beside a busy database thread they
    kept the loop waiting for most of its time. What is here already is told by `pending`, as a TLS socket tells it:
    aiomqtt then reads on. It would do so for as long as anything comes, since a piece seldom ends with a message:
    10,000 receipts kept the loop for 0.1-0.3 s at a time.
    """

    def __init__(self, whole: socket.socket) -> None:
        """`whole` may be a TLS socket."""
        self._whole = whole
        self._most = TLS_RECORD if isinstance(whole, ssl.SSLSocket) else PIECE
        self._piece = b""
        self._at = 0
        self._in_a_row = 0
        self.send = whole.send
        self.fileno = whole.fileno

    def recv(self, size: int) -> bytes:
        """At most so many bytes, at least one; none at the end of the connection. Raises as the socket does.

        After each PIECE it raises BlockingIOError once, whatever there is: the loop comes back if there is more.
        """
        if self._at == len(self._piece):
            if self._in_a_row >= PIECE:
                self._in_a_row = 0
                raise BlockingIOError
            self._piece, self._at = self._whole.recv(self._most), 0
            self._in_a_row += len(self._piece)
        begin, self._at = self._at, min(self._at + size, len(self._piece))
        return self._piece[begin : self._at]

    def pending(self) -> int:
        """How many bytes can be had without asking the system."""
        of_tls = self._whole.pending() if hasattr(self._whole, "pending") else 0
        return len(self._piece) - self._at + of_tls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)
