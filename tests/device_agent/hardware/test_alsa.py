"""Loudspeaker and microphone through the real libasound, on a sound card made of software."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from device_agent.core.hearing import heard
from device_agent.core.mixer import Mixer
from device_agent.core.sounds import Finished, Interrupted, Sound, SoundEvent, Started
from device_agent.hardware.alsa import AlsaStream
from device_agent.hardware.alsa_microphone import AlsaMicrophone
from device_agent.hardware.alsa_speaker import AlsaSpeaker
from device_agent.hardware.errors import SoundCardLost
from tests.device_agent.speech import POWER, WATER, speak
from tests.world.sound_card import SoundCard
from tests.world.waiting import wait_until

pytestmark = pytest.mark.alone

AHEAD_S = 2.0  # by then the streams are open and the sound server has stopped wavering about when they are heard

TRIES = 3
"""The sound server here has no priority: where a machine stands still for a moment the speaker runs dry and says so,
and that recording is broken."""


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    card = SoundCard(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", card.config_path)
    card.plug_in()
    yield card
    card.unplug()


class Playing:
    """A speaker at work, and what it said."""

    def __init__(self) -> None:
        self.mixer = Mixer()
        self.speaker = AlsaSpeaker("loudspeaker-1")
        self.events = asyncio.Queue[SoundEvent]()
        self.task = asyncio.create_task(self.speaker.run(self.mixer, self._deliver))

    def _deliver(self, events: list[SoundEvent]) -> None:
        for event in events:
            self.events.put_nowait(event)


@pytest.fixture
async def playing(card: SoundCard) -> AsyncIterator[Playing]:
    playing = Playing()
    yield playing
    playing.task.cancel()
    await asyncio.gather(playing.task, return_exceptions=True)


async def test_what_is_played_at_an_instant_is_heard_then_by_the_microphone(playing: Playing) -> None:
    power, water = speak(POWER), speak(WATER)  # made before the instant is chosen: the voice may need long
    for _ in range(TRIES):
        gaps, at_s = playing.speaker.underruns, time.monotonic() + AHEAD_S
        playing.mixer.play(Sound("a", power, 60, at_s))

        recording = await AlsaMicrophone("microphone").record(at_s - 0.5, 0.5 + len(power) / 48_000 + 0.2)

        assert not heard(water, recording, at_s).heard
        assert [type(playing.events.get_nowait()) for _ in range(2)] == [Started, Finished]
        if playing.speaker.underruns == gaps:
            break
    assert heard(power, recording, at_s).heard
    assert playing.speaker.fault is None


async def test_a_higher_sound_is_heard_instead_of_a_lower_one(playing: Playing) -> None:
    power, water = speak(POWER), speak(WATER)
    at_s = time.monotonic() + AHEAD_S
    playing.mixer.play(Sound("low", power, 60, at_s))
    playing.mixer.play(Sound("high", water, 250, at_s + 0.5))

    recording = await AlsaMicrophone("microphone").record(at_s - 0.5, 2.8)

    assert heard(water, recording, at_s + 0.5).heard
    assert not heard(power, recording, at_s).heard
    kinds = [type(playing.events.get_nowait()) for _ in range(4)]
    assert kinds == [Started, Interrupted, Started, Finished]


async def test_an_unplugged_sound_card_is_named_and_taken_up_again_when_it_is_back(
    playing: Playing, card: SoundCard
) -> None:
    playing.mixer.play(Sound("before", speak(WATER), 60))
    while not isinstance(await playing.events.get(), Finished):
        pass
    card.unplug()
    await wait_until(lambda: playing.speaker.fault, "the fault is named")
    assert playing.speaker.fault is not None
    assert "loudspeaker-1" in playing.speaker.fault

    card.plug_in()
    playing.mixer.play(Sound("after", speak(WATER), 60))
    event = await playing.events.get()
    assert isinstance(event, Started)
    assert playing.speaker.fault is None


async def test_a_microphone_that_is_not_there_is_a_typed_error(card: SoundCard) -> None:
    with pytest.raises(SoundCardLost, match="no-such-device"):
        await AlsaMicrophone("no-such-device").record(0.0, 0.1)


def test_a_stream_that_is_refused_says_why(card: SoundCard) -> None:
    with pytest.raises(SoundCardLost, match="playback on no-such-device"):
        AlsaStream("no-such-device", "playback", 0.08)
