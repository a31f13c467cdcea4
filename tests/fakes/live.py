"""Microphones without a broker and without a disk."""

from __future__ import annotations

import hashlib

from hub.services.ports import PublishFailed, Sound
from wire.live import Frame


class FakeLiveLink:
    """Fills ports.LiveLink; keeps the frames by announcement."""

    def __init__(self) -> None:
        self.is_connected = True
        self.frames: list[tuple[str, Frame]] = []

    async def live(self, announcement_id: str, frame: Frame) -> None:
        """Keeps it, or raises PublishFailed without a link."""
        if not self.is_connected:
            raise PublishFailed("no connection to the broker")
        self.frames.append((announcement_id, frame))


class FakeRecordings:
    """Fills ports.Recordings, in memory: the sound of a recording is its frames, one after the other."""

    def __init__(self) -> None:
        self.kept: dict[str, list[bytes]] = {}

    def begin(self, announcement_id: str) -> FakeRecording:
        """A new one."""
        return FakeRecording(self.kept.setdefault(announcement_id, []))

    def unfinished(self) -> list[str]:
        """All that were not forgotten."""
        return list(self.kept)

    def sound(self, announcement_id: str) -> Sound | None:
        """What was kept."""
        opus = b"".join(self.kept[announcement_id])
        return Sound(opus, hashlib.sha256(opus).hexdigest(), 20 * len(self.kept[announcement_id])) if opus else None

    def forget(self, announcement_id: str) -> None:
        """Drops it."""
        del self.kept[announcement_id]


class FakeRecording:
    """Fills ports.Recording."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = frames

    def add(self, opus: bytes) -> None:
        """Keeps the frame."""
        self._frames.append(opus)

    def close(self) -> None:
        """Nothing is open."""
