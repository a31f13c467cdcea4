"""What was spoken live, kept while it is spoken: a hub that is killed has it up to a second before."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from hub.adapters.audio.errors import SoundUnreadable
from hub.services.ports import Sound

if TYPE_CHECKING:
    from hub.adapters.audio.recording import Recording

log = structlog.get_logger()


class Recordings:
    """Fills ports.Recordings with files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, announcement_id: str) -> Recording:
        """A new file; raises OSError."""
        from hub.adapters.audio.recording import Recording  # here, as in maker.py

        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Recording(self._path(announcement_id))

    def unfinished(self) -> list[str]:
        """The announcements whose files are still there."""
        return sorted(path.stem for path in self._folder.glob("*.ogg"))

    def sound(self, announcement_id: str) -> Sound | None:
        """What is in the file; None for one that holds nothing that can be played."""
        from hub.adapters.audio.recording import duration_ms

        try:
            opus = self._path(announcement_id).read_bytes()
            length_ms = duration_ms(opus)
        except (OSError, SoundUnreadable) as error:
            log.warning("recording_unreadable", announcement=announcement_id, reason=str(error))
            return None
        return Sound(opus, hashlib.sha256(opus).hexdigest(), length_ms) if length_ms else None

    def forget(self, announcement_id: str) -> None:
        """Removes the file."""
        self._path(announcement_id).unlink(missing_ok=True)

    def _path(self, announcement_id: str) -> Path:
        return self._folder / f"{announcement_id}.ogg"
