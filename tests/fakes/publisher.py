"""A link to the devices that keeps what is published."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hub.services.ports import PublishFailed, Sound


@dataclass(frozen=True, slots=True)
class Published:
    """One message to a device or a place; `content` is its JSON."""

    to: str
    kind: str
    content: dict[str, Any]
    expiry_s: int
    is_retained: bool


class FakePublisher:
    """Fills ports.Publisher. Without `is_connected` nothing goes out."""

    def __init__(self) -> None:
        self.is_connected = True
        self.published: list[Published] = []
        self.sounds: list[Sound] = []

    def to(self, device: str, kind: str) -> list[dict[str, Any]]:
        """What one device was sent of one kind, in order."""
        return [one.content for one in self.published if (one.to, one.kind) == (device, kind)]

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        """Keeps it, or raises PublishFailed without a link."""
        self._check()
        self.published.append(Published(device, kind, json.loads(payload), expiry_s, is_retained))

    async def to_place(self, community: str, place: str, payload: bytes, *, expiry_s: int) -> None:
        """Keeps it, or raises PublishFailed without a link."""
        self._check()
        self.published.append(Published(f"{community}/{place}", "announce", json.loads(payload), expiry_s, False))

    async def audio(self, sound: Sound, *, expiry_s: int) -> None:
        """Keeps it, or raises PublishFailed without a link."""
        self._check()
        self.sounds.append(sound)

    def _check(self) -> None:
        if not self.is_connected:
            raise PublishFailed("no connection to the broker")
