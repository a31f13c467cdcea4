"""Makes every sound that the hub sends: announcements, what an elder is told, and `dongdong say`."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from hub.adapters.audio.errors import NothingToSay
from hub.adapters.audio.pcm import Pcm
from hub.adapters.audio.speech import Speech
from hub.domain.reading import spoken
from hub.services.ports import Sound

_CLIPS_KEPT = 256  # about 10 kB each
_ANNOUNCEMENTS_KEPT = 32  # about 70 kB each, 1.3 MB for the longest text
_T = TypeVar("_T")
_THREADS = 3  # a long notice or two must not keep an elder's clip waiting


class Voice(Protocol):
    """Speaks text. Speech is the one that is built in."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...
    async def say(self, text: str, language: str = "zh") -> Pcm: ...


class SoundMaker:
    """From text to sound. The same text always gives the same bytes, so the hash names the sound.

    Errors of all three: VoiceFailed, NothingToSay, LanguageUnknown.
    Chinese is normalised (hub.domain.reading) before it is spoken. Signal processing runs in threads, in
    libraries that release the interpreter; the voice in its own process.
    """

    def __init__(self, voice: Voice | None = None) -> None:
        self._voice = voice or Speech()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sound")
        self._clips = _Kept(_CLIPS_KEPT)
        self._announcements = _Kept(_ANNOUNCEMENTS_KEPT)

    async def start(self) -> None:
        """Start the voice's process and make the chimes, so that the first sentence waits for neither."""
        await self._voice.start()
        await asyncio.get_running_loop().run_in_executor(self._threads, _make_chimes)

    async def close(self) -> None:
        """End the voice's process and whatever is still being made."""
        await self._clips.close()
        await self._announcements.close()
        await self._voice.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def announcement(self, text: str, kind: str, language: str) -> Sound:
        """One round of an announcement: chime, speech, end chime. The agent repeats it (`repeat` and `gap_ms`
        of the manifest), so that a repeat costs no bytes and a late device can join at one.

        `kind`: routine, notice, blue, yellow, orange or red. The last 32 are kept.
        """
        return await self._announcements.get(
            (text, kind, language),
            lambda: self._make(text, language, lambda speech: _announcement(speech, kind)),
        )

    async def clip(self, text: str, language: str) -> Sound:
        """What an elder is told: only the speech. The last 256 are kept."""
        return await self._clips.get((text, language), lambda: self._make(text, language, _clip))

    async def wav(self, text: str) -> bytes:
        """A Chinese text as a WAV file, 48 kHz mono, at the level of an announcement."""
        return await self._make(text, "zh", _wav)

    async def _make(self, text: str, language: str, finish: Callable[[Pcm], _T]) -> _T:
        is_chinese = language.startswith("zh")
        speech = await self._voice.say(spoken(text) if is_chinese else text, language)
        if not speech.samples:
            raise NothingToSay("the text holds nothing that can be spoken")
        return await asyncio.get_running_loop().run_in_executor(self._threads, finish, speech)


class _Kept:
    """The sounds asked for last; each is made once, however many ask for it at the same time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tasks: OrderedDict[tuple[str, ...], asyncio.Task[Sound]] = OrderedDict()

    async def get(self, key: tuple[str, ...], make: Callable[[], Coroutine[Any, Any, Sound]]) -> Sound:
        """The sound under this key; a failure to make it is raised, and not kept."""
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.create_task(make())
            task.add_done_callback(lambda done: self._forget_failed(key, done))
            self._tasks[key] = task
            if len(self._tasks) > self._most:
                self._tasks.popitem(last=False)
        self._tasks.move_to_end(key)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give up what is still being made."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    def _forget_failed(self, key: tuple[str, ...], task: asyncio.Task[Sound]) -> None:
        if (task.cancelled() or task.exception()) and self._tasks.get(key) is task:
            del self._tasks[key]


# Loaded by whoever needs it first: it takes a quarter of the time of a hub's start, and presses come before sounds.


def _make_chimes() -> None:
    from hub.adapters.audio import mastering

    mastering.make_chimes()


def _announcement(speech: Pcm, kind: str) -> Sound:
    from hub.adapters.audio import mastering

    return mastering.announcement(speech, kind)


def _clip(speech: Pcm) -> Sound:
    from hub.adapters.audio import mastering

    return mastering.clip(speech)


def _wav(speech: Pcm) -> bytes:
    from hub.adapters.audio import mastering

    return mastering.wav(speech)
