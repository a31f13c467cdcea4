"""From a text to the file that is sent."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.adapters.audio import maker as maker_module
from hub.adapters.audio.chimes import CHIMES, sound
from hub.adapters.audio.codec import decode
from hub.adapters.audio.errors import NothingToSay, VoiceFailed
from hub.adapters.audio.loudness import TARGET_LUFS, TRUE_PEAK_DB, integrated_lufs, true_peak_db
from hub.adapters.audio.maker import SoundMaker
from hub.adapters.audio.pcm import Pcm
from tests.hub.adapters.audio.sounds import lag_and_correlation, sine

_NOTICES = {
    "notice": "各位居民：因供水主管抢修，定于11月23日（周一）9:00-17:00对3#、5#楼停水，请提前储水。",
    "orange": "市气象台发布暴雨橙色预警：未来3小时降雨量将达50毫米以上，请住-1层的居民搬到2楼以上。",
    "routine": "凡自称公检法要求转账的都是诈骗，请拨打96110或110核实。",
}


class FakeVoice:
    """Answers with a tone, remembers what it was asked, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.failures = 0

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def say(self, text: str, language: str = "zh") -> Pcm:
        self.asked.append((text, language))
        if self.failures:
            self.failures -= 1
            raise VoiceFailed("told to")
        return sine(440, 0.3, 0.2) if text else Pcm(b"")


@pytest.fixture
async def real() -> AsyncIterator[SoundMaker]:
    maker = SoundMaker()
    await maker.start()
    yield maker
    await maker.close()


@pytest.fixture
def voice() -> FakeVoice:
    return FakeVoice()


@pytest.fixture
async def faked(voice: FakeVoice) -> AsyncIterator[SoundMaker]:
    maker = SoundMaker(voice)
    await maker.start()
    yield maker
    await maker.close()


async def test_notices_and_clips_have_the_level_that_was_promised(real: SoundMaker) -> None:
    sounds = [await real.announcement(text, kind, "zh") for kind, text in _NOTICES.items()]
    sounds += [await real.clip(text, "zh") for text in ("已收到，正在叫人", "王姐接了，大约4分钟到", "到了")]
    sounds.append(await real.clip("Help is on the way.", "en"))
    for made in sounds:
        heard = decode(made.opus)
        assert heard.duration_ms == made.duration_ms
        assert integrated_lufs(heard) == pytest.approx(TARGET_LUFS, abs=0.5)
        assert true_peak_db(heard) <= TRUE_PEAK_DB


async def test_the_same_text_has_the_same_hash_in_another_process(real: SoundMaker) -> None:
    other = SoundMaker()
    try:
        assert await real.announcement("停水", "red", "zh") == await other.announcement("停水", "red", "zh")
        assert await real.clip("停水", "zh") == await other.clip("停水", "zh")
    finally:
        await other.close()


async def test_a_round_is_chime_then_speech_then_end_chime(real: SoundMaker) -> None:
    speech = decode(await real.wav("请注意"))
    chime = sound(CHIMES["blue"])
    whole = decode((await real.announcement("请注意", "blue", "zh")).opus)
    assert lag_and_correlation(whole, chime)[0] == 0
    lag, alike = lag_and_correlation(whole, speech)
    assert lag == chime.count + 400 * 48
    assert alike > 0.9
    assert whole.count > lag + speech.count + 600 * 48


async def test_chinese_is_normalised_and_other_languages_are_not(faked: SoundMaker, voice: FakeVoice) -> None:
    await faked.clip("302室", "zh")
    await faked.clip("room 302", "en")
    await faked.wav("110")
    assert voice.asked == [("三零二室", "zh"), ("room 302", "en"), ("幺幺零", "zh")]


async def test_a_clip_that_many_ask_for_at_once_is_made_once(faked: SoundMaker, voice: FakeVoice) -> None:
    made = await asyncio.gather(*(faked.clip("已收到", "zh") for _ in range(100)))
    assert len(voice.asked) == 1
    assert len({clip.sha256 for clip in made}) == 1


async def test_only_so_many_clips_are_kept(voice: FakeVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker_module, "_CLIPS_KEPT", 2)
    maker = SoundMaker(voice)
    for text in ("一", "二", "一", "三", "一", "二"):
        await maker.clip(text, "zh")
    await maker.close()
    assert [text for text, _ in voice.asked] == ["一", "二", "三", "二"]


async def test_an_announcement_is_made_once_for_each_kind_and_language(faked: SoundMaker, voice: FakeVoice) -> None:
    for kind, language in (("red", "zh"), ("red", "zh"), ("routine", "zh"), ("red", "en")):
        await faked.announcement("abc", kind, language)
    assert len(voice.asked) == 3


async def test_a_clip_that_failed_is_made_again_when_asked_again(faked: SoundMaker, voice: FakeVoice) -> None:
    voice.failures = 1
    with pytest.raises(VoiceFailed):
        await faked.clip("已收到", "zh")
    assert (await faked.clip("已收到", "zh")).duration_ms == 300


async def test_one_who_no_longer_waits_does_not_take_the_clip_from_the_others(faked: SoundMaker) -> None:
    impatient, patient = (asyncio.create_task(faked.clip("已收到", "zh")) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).duration_ms == 300


async def test_a_text_that_holds_nothing_to_say_is_refused(real: SoundMaker) -> None:
    with pytest.raises(NothingToSay):
        await real.announcement("😀……", "notice", "zh")
