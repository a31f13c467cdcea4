"""A voice that needs no speech synthesis."""

from __future__ import annotations

import asyncio
import hashlib

from hub.services.ports import Sound


class FakeSounds:
    """Fills ports.SoundMaker: the sound of a text is the text itself. While `has_voice` is cleared it hangs."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.has_voice = asyncio.Event()
        self.has_voice.set()

    async def announcement(self, text: str, kind: str, language: str) -> Sound:
        """One round of an announcement."""
        return await self._sound(f"{kind} {language} {text}")

    async def clip(self, text: str, language: str) -> Sound:
        """A sentence for an elder."""
        return await self._sound(text)

    async def _sound(self, text: str) -> Sound:
        self.asked.append(text)
        await self.has_voice.wait()
        if self.error:
            raise self.error
        return Sound(text.encode(), hashlib.sha256(text.encode()).hexdigest(), len(text) * 200)
