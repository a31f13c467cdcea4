"""Audio files on disk by their hash, so that what is scheduled plays without hub or broker."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024  # about 600 half-minute announcements: small beside an SD card


class AudioFiles:
    """A folder of at most `most_bytes`, or of what is needed; the files used longest ago go first."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path | None:
        """Where the file with this hash is, or None; asking counts as use."""
        path = self._folder / f"{sha256}.opus"
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def put(self, sha256: str, data: bytes, needed: Collection[str] = ()) -> bool:
        """Keep the file, whole and fsynced, if it has this hash; says whether it has. None of `needed` makes room."""
        if hashlib.sha256(data).hexdigest() != sha256:
            return False
        self._make_room(len(data), needed)
        path = self._folder / f"{sha256}.opus"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        return True

    def _make_room(self, wanted: int, needed: Collection[str]) -> None:
        files = sorted((file.stat().st_mtime_ns, file) for file in self._folder.iterdir())
        total = wanted + sum(file.stat().st_size for _, file in files)
        for file in [file for _, file in files if file.stem not in needed]:
            if total <= self._most_bytes:
                return
            total -= file.stat().st_size
            file.unlink()
