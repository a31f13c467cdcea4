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
    """Fills ports.Publisher. Without `is_connected` nothing goes out, and `refused` keeps to whom and which kind."""

    def __init__(self) -> None:
        self.is_connected = True
        self.published: list[Published] = []
        self.refused: list[tuple[str, str]] = []
        self.sounds: list[Sound] = []

    def to(self, device: str, kind: str) -> list[dict[str, Any]]:
        """What one device was sent of one kind, in order."""
        return [one.content for one in self.published if (one.to, one.kind) == (device, kind)]

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        """Keeps it, or raises PublishFailed without a link."""
        self._check(device, kind)
        self.published.append(Published(device, kind, json.loads(payload), expiry_s, is_retained))

    async def to_place(self, community: str, place: str, payload: bytes, *, expiry_s: int) -> None:
        """Keeps it, or raises PublishFailed without a link."""
        self._check(f"{community}/{place}", "announce")
        self.published.append(Published(f"{community}/{place}", "announce", json.loads(payload), expiry_s, False))

    async def audio(self, sound: Sound, *, expiry_s: int) -> None:
        """Keeps it, or raises PublishFailed without a link."""
        self._check(sound.sha256, "audio")
        self.sounds.append(sound)

    def _check(self, to: str, kind: str) -> None:
        if not self.is_connected:
            self.refused.append((to, kind))
            raise PublishFailed("no connection to the broker")
