"""The built-in voice: espeak-ng in a process of its own, asked a sentence at a time."""

import asyncio
import contextlib
import json
import re
import struct
import sys
from asyncio.subprocess import PIPE, Process

from hub.adapters.audio.errors import LanguageUnknown, VoiceFailed
from hub.adapters.audio.pcm import Pcm

_VOICES = {"zh": "cmn", "en": "en", "yue": "yue"}
_NORMAL_WORDS_PER_MINUTE = 175  # espeak-ng's own default
ELDER_RATE = 0.85  # of the normal rate: BROADCAST.md
_SENTENCE_PAUSE_MS = 350
_LONGEST_SENTENCE = 120  # characters; about 30 s of speech and 0.1 s of work
_TIMEOUT_S = 5.0  # fifty times what the longest sentence takes
_TRIES = 2

_SENTENCE_END = re.compile(r"(?<=[。！？!?；;\n])|(?<=\.)\s+")
_LONG_SENTENCE = re.compile(rf".{{1,{_LONGEST_SENTENCE}}}(?:(?<=[，、,： ])|$)|.{{1,{_LONGEST_SENTENCE}}}", re.DOTALL)


def sentences(text: str) -> list[str]:
    """The text in pieces of at most 120 characters, cut after sentences, else after commas, else anywhere.

    Pieces without a letter or digit are left out: nothing of them would be heard.
    """
    pieces = (piece for whole in _SENTENCE_END.split(text) for piece in _LONG_SENTENCE.findall(whole))
    return [piece.strip() for piece in pieces if any(char.isalnum() for char in piece)]


class Speech:
    """Speaks through one worker process; restarts it when it dies or hangs, and asks once more.

    The worker starts with `start` or the first sentence, and ends with `close` or with this process.
    Several callers take turns sentence by sentence, so that a short clip never waits for a long notice.
    """

    def __init__(self, *, timeout_s: float = _TIMEOUT_S, rate: float = ELDER_RATE) -> None:
        self._timeout_s = timeout_s
        self._words_per_minute = round(_NORMAL_WORDS_PER_MINUTE * rate)
        self._worker: Process | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Have the worker running before the first sentence."""
        async with self._turn:
            await self._running_worker()

    async def close(self) -> None:
        """End the worker, whatever it is doing."""
        async with self._turn:
            await self._end_worker()

    async def say(self, text: str, language: str = "zh") -> Pcm:
        """The text as speech; no samples when it holds nothing that can be spoken.

        Errors: LanguageUnknown; VoiceFailed when a sentence failed twice.
        """
        voice = _VOICES.get(re.split("[-_]", language)[0])
        if voice is None:
            raise LanguageUnknown(f"no voice for language {language}; there are {', '.join(_VOICES)}")
        spoken = [await self._sentence(piece, voice) for piece in sentences(text)]
        if not spoken:
            return Pcm(b"")
        rate_hz = spoken[0].rate_hz
        pause = bytes(2 * (_SENTENCE_PAUSE_MS * rate_hz // 1000))
        return Pcm(pause.join(piece.samples for piece in spoken), rate_hz)

    async def _sentence(self, text: str, voice: str) -> Pcm:
        request = json.dumps({"voice": voice, "words_per_minute": self._words_per_minute, "text": text}).encode()
        async with self._turn:
            for _ in range(_TRIES):
                try:
                    async with asyncio.timeout(self._timeout_s):
                        return await self._ask(request)
                except (OSError, EOFError):  # TimeoutError is an OSError: hung; the others: died
                    continue
        raise VoiceFailed(f"the voice failed {_TRIES} times on a sentence of {len(text)} characters")

    async def _ask(self, request: bytes) -> Pcm:
        """One question, one answer. Left before the answer was whole, for any reason, the worker is ended:
        what it still sends must never be taken for the next answer."""
        answered = False
        try:
            worker = await self._running_worker()
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(struct.pack(">I", len(request)) + request)
            await worker.stdin.drain()
            rate_hz, length = struct.unpack(">II", await worker.stdout.readexactly(8))
            samples = await worker.stdout.readexactly(length)
            answered = True
        finally:
            if not answered:
                await self._end_worker()
        return Pcm(samples, rate_hz)

    async def _running_worker(self) -> Process:
        if self._worker is None or self._worker.returncode is not None:
            self._worker = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hub.adapters.audio.espeak_worker", stdin=PIPE, stdout=PIPE
            )
        return self._worker

    async def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if worker.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself just now
                worker.kill()
        await worker.communicate()  # not wait(): that never returns while unread samples fill the pipe
