"""The built-in voice and its process."""

import asyncio
import ctypes
import os
import select
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from hub.adapters.audio.errors import LanguageUnknown, VoiceFailed
from hub.adapters.audio.espeak_worker import Espeak
from hub.adapters.audio.speech import Speech, sentences
from hub.domain.reading import spoken
from tests.hub.adapters.audio.sounds import wave_of

_TEXT = "已收到，正在叫人。请您稍等。"
_GOLDEN = Path(__file__).parents[2] / "domain" / "golden" / "reading.tsv"


async def _asked(voice: Speech) -> None:
    """Let the tasks run until the worker has been asked something and has not yet answered."""
    while not voice._turn.locked():  # noqa: ASYNC110 - the lock of the code under test has no event
        await asyncio.sleep(0)
    await asyncio.sleep(0)


@pytest.fixture
async def speech() -> AsyncIterator[Speech]:
    voice = Speech(timeout_s=20)
    yield voice
    await voice.close()


def _worker_pid(voice: Speech) -> int:
    assert voice._worker is not None
    return voice._worker.pid


async def test_the_same_text_always_gives_the_same_samples(speech: Speech) -> None:
    first = await speech.say(_TEXT)
    await speech.say("别的话")
    again = await speech.say(_TEXT)
    await speech.close()
    assert first == again == await speech.say(_TEXT)


async def test_speech_starts_at_once_and_is_neither_silent_nor_clipped(speech: Speech) -> None:
    wave = wave_of(said := await speech.say(_TEXT))
    assert np.abs(wave[: said.rate_hz // 20]).max() > 0.01
    assert 0.02 < np.sqrt((wave**2).mean()) < 0.5
    assert (np.abs(wave) > 0.999).mean() < 0.001


async def test_2000_characters_are_spoken(speech: Speech) -> None:
    one = await speech.say("今天下午停水请提前储水")
    all_of_them = await speech.say("今天下午停水请提前储水" * 182)
    assert all_of_them.duration_ms > 150 * one.duration_ms


async def test_a_text_without_words_has_no_samples(speech: Speech) -> None:
    assert (await speech.say("。。。😀 \n")).count == 0


async def test_odd_text_is_spoken(speech: Speech) -> None:
    assert (await speech.say("好\ud800 <speak> [[a]] 好")).count > 0
    assert (await speech.say("Help is on the way.", "en-GB")).count > 0


async def test_a_language_without_a_voice_is_refused(speech: Speech) -> None:
    with pytest.raises(LanguageUnknown):
        await speech.say("bonjour", "fr")


async def test_a_worker_that_died_is_replaced(speech: Speech) -> None:
    first = await speech.say(_TEXT)
    os.kill(_worker_pid(speech), signal.SIGKILL)
    assert await speech.say(_TEXT) == first


async def test_a_worker_that_hangs_is_replaced() -> None:
    voice = Speech(timeout_s=0.6)
    await voice.start()
    hung = _worker_pid(voice)
    os.kill(hung, signal.SIGSTOP)
    said = await voice.say("好")
    assert said.count > 0
    assert _worker_pid(voice) != hung
    await voice.close()


async def test_a_voice_that_fails_twice_says_so(speech: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(VoiceFailed):
        await speech.say(_TEXT)
    monkeypatch.undo()
    assert (await speech.say(_TEXT)).count > 0


async def test_a_cancelled_question_leaves_no_answer_behind(speech: Speech) -> None:
    expected = await speech.say("好")
    cancelled = asyncio.create_task(speech.say("今天下午三点到五点三号楼将进行消防设施检修" * 5))
    await _asked(speech)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    assert cancelled.cancelled()
    assert await speech.say("好") == expected


async def test_callers_take_turns_sentence_by_sentence(speech: Speech) -> None:
    await speech.start()
    long = asyncio.create_task(speech.say("今天下午停水，请提前储水。" * 20))
    await _asked(speech)
    await speech.say("已收到")
    assert not long.done()
    await long


async def test_close_ends_the_process(speech: Speech) -> None:
    await speech.start()
    watched = os.pidfd_open(_worker_pid(speech))
    await speech.close()
    assert select.select([watched], [], [], 0)[0]
    os.close(watched)


async def test_no_process_is_left_when_the_hub_is_killed() -> None:
    hub = await asyncio.create_subprocess_exec(sys.executable, "-c", _HUB, stdin=PIPE, stdout=PIPE)
    assert hub.stdout is not None
    watched = os.pidfd_open(int(await hub.stdout.readline()))
    hub.kill()
    await hub.wait()
    ended, _, _ = await asyncio.to_thread(select.select, [watched], [], [], 20)
    os.close(watched)
    assert ended


_HUB = """
import asyncio
from hub.adapters.audio.speech import Speech
async def main():
    voice = Speech()
    await voice.say("好")
    print(voice._worker.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_text_is_cut_after_sentences_then_after_commas_then_anywhere() -> None:
    assert sentences("停水。请储水！\n谢谢；好。。。") == ["停水。", "请储水！", "谢谢；", "好。"]
    assert sentences("One. Two 3.5 m. Three") == ["One.", "Two 3.5 m.", "Three"]
    commas = sentences("停水请储水，" * 50)
    assert "".join(commas) == "停水请储水，" * 50
    assert all(len(piece) <= 120 and piece.endswith("，") for piece in commas)
    assert [len(piece) for piece in sentences("停" * 300)] == [120, 120, 60]


def test_what_is_spoken_holds_no_english_phonemes() -> None:
    """A digit or sign that the reading left would be said in English, or not at all."""
    library = Espeak()._library
    library.espeak_SetVoiceByName(b"cmn")
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    for line in _GOLDEN.read_text("utf-8").splitlines():
        said = spoken(line.split("\t")[0])
        if said.isascii() or any(char.isascii() and char.isalpha() for char in said):
            continue
        rest = ctypes.pointer(ctypes.c_char_p(said.encode()))
        while rest.contents.value is not None:
            assert b"(en)" not in library.espeak_TextToPhonemes(rest, 1, 2), said
