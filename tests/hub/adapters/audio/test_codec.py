"""Between samples and files."""

import hashlib
import io
import wave

import pytest

from hub.adapters.audio.codec import at_48_khz, decode, encode, wav
from hub.adapters.audio.errors import SoundUnreadable
from hub.adapters.audio.pcm import Pcm
from tests.hub.adapters.audio.sounds import lag_and_correlation, sine, sweep, wave_of


@pytest.mark.parametrize("count", [1, 311, 312, 959, 960, 961, 48_000, 100_001])
def test_a_decoded_file_has_exactly_the_samples_that_were_encoded(count: int) -> None:
    source = Pcm(sine(440, 3, 0.3).samples[: 2 * count])
    assert decode(encode(source).opus).count == source.count == count


def test_a_decoded_file_starts_where_its_source_started() -> None:
    source = sweep(2, 0.3)
    lag, alike = lag_and_correlation(decode(encode(source).opus), source)
    assert lag == 0
    assert alike > 0.95


def test_the_same_samples_give_the_same_file() -> None:
    source = sine(440, 1, 0.3)
    assert encode(source) == encode(source)


def test_the_hash_and_length_are_of_what_is_sent() -> None:
    sound = encode(sine(440, 1.5, 0.3))
    assert sound.sha256 == hashlib.sha256(sound.opus).hexdigest()
    assert sound.duration_ms == 1500
    assert sound.opus.startswith(b"OggS")


def test_a_wav_file_can_be_read_back() -> None:
    source = sine(440, 0.5, 0.3)
    with wave.open(io.BytesIO(wav(source))) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 48_000)
        assert reader.readframes(reader.getnframes()) == source.samples
    assert decode(wav(source)) == source


def test_another_rate_becomes_48_khz_at_the_same_pitch_and_length() -> None:
    source = Pcm(sine(440, 1, 0.3).samples[: 2 * 22_050], 22_050)
    converted = at_48_khz(source)
    assert abs(converted.count - 48_000) <= 1
    crossings = ((wave_of(converted)[1:] >= 0) != (wave_of(converted)[:-1] >= 0)).sum()
    assert abs(crossings - 2 * 440 * 22_050 / 48_000) <= 2


@pytest.mark.parametrize("data", [b"", b"no sound", encode(sine(440, 1, 0.3)).opus[:40]])
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(SoundUnreadable):
        decode(data)
