"""Makes every sound that the hub sends: announcements, what an elder is told, and `dongdong say`."""

import asyncio
import warnings
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from hub.adapters.audio import chimes, codec
from hub.adapters.audio.errors import NothingToSay
from hub.adapters.audio.loudness import encoded, levelled
from hub.adapters.audio.pcm import BYTES_PER_SAMPLE, RATE_HZ, Pcm
from hub.adapters.audio.speech import Speech
from hub.domain.reading import spoken
from hub.services.ports import Sound

with warnings.catch_warnings():
    warnings.simplefilter("ignore", RuntimeWarning)  # it looks for an ffmpeg program, which we never use
    from pydub import AudioSegment

_CHIME_TO_SPEECH_MS = 400
_SPEECH_TO_CHIME_MS = 600
_CLIPS_KEPT = 256  # about 10 kB each
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
        self._clips: OrderedDict[tuple[str, str], asyncio.Task[Sound]] = OrderedDict()

    async def start(self) -> None:
        """Start the voice's process, so that the first sentence does not wait for it."""
        await self._voice.start()

    async def close(self) -> None:
        """End the voice's process and whatever is still being made."""
        for task in self._clips.values():
            task.cancel()
        await asyncio.gather(*self._clips.values(), return_exceptions=True)
        self._clips.clear()
        await self._voice.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def announcement(self, text: str, kind: str, language: str) -> Sound:
        """One round of an announcement: chime, speech, end chime. The agent repeats it (`repeat` and `gap_ms`
        of the manifest), so that a repeat costs no bytes and a late device can join at one.

        `kind`: routine, notice, blue, yellow, orange or red.
        """
        return await self._make(text, language, lambda speech: encoded(_round(speech, kind)))

    async def clip(self, text: str, language: str) -> Sound:
        """What an elder is told: only the speech. The last 256 are kept; the same clip is made once however
        many ask for it at the same time."""
        key = (text, language)
        task = self._clips.get(key)
        if task is None:
            task = asyncio.create_task(self._make(text, language, encoded))
            task.add_done_callback(lambda done: self._forget_failed(key, done))
            self._clips[key] = task
            if len(self._clips) > _CLIPS_KEPT:
                self._clips.popitem(last=False)
        self._clips.move_to_end(key)
        return await asyncio.shield(task)

    async def wav(self, text: str) -> bytes:
        """A Chinese text as a WAV file, 48 kHz mono, at the level of an announcement."""
        return await self._make(text, "zh", codec.wav)

    async def _make(self, text: str, language: str, finish: Callable[[Pcm], _T]) -> _T:
        is_chinese = language.startswith("zh")
        speech = await self._voice.say(spoken(text) if is_chinese else text, language)
        if not speech.samples:
            raise NothingToSay("the text holds nothing that can be spoken")
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: finish(levelled(codec.at_48_khz(speech)))
        )

    def _forget_failed(self, key: tuple[str, str], task: asyncio.Task[Sound]) -> None:
        if (task.cancelled() or task.exception()) and self._clips.get(key) is task:
            del self._clips[key]


def _round(speech: Pcm, kind: str) -> Pcm:
    """Chime, speech and end chime with their pauses, in that order."""
    whole = (
        _segment(chimes.sound(chimes.CHIMES[kind]))
        + AudioSegment.silent(_CHIME_TO_SPEECH_MS, RATE_HZ)
        + _segment(speech)
        + AudioSegment.silent(_SPEECH_TO_CHIME_MS, RATE_HZ)
        + _segment(chimes.sound(chimes.END_CHIME))
    )
    return Pcm(whole.raw_data)


def _segment(pcm: Pcm) -> AudioSegment:
    return AudioSegment(pcm.samples, sample_width=BYTES_PER_SAMPLE, frame_rate=pcm.rate_hz, channels=1)
