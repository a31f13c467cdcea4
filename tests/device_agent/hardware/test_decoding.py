"""From Opus bytes to frames: exact lengths, and clear refusals."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from device_agent.core.hearing import compare
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from device_agent.hardware import decoding
from device_agent.hardware.decoding import Decoder, decode_opus
from device_agent.hardware.errors import UnreadableAudio
from tests.device_agent.speech import LIFT, WATER, speak


def encode(pcm: Pcm, codec: str = "libopus", container: str = "ogg") -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=SAMPLE_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[None, :]), format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return out.getvalue()


@pytest.mark.parametrize("frames", [960, 1_000, 12_345, 48_000, 130_001])
def test_a_file_gives_as_many_frames_as_were_encoded(frames: int) -> None:
    pcm = speak(LIFT)[20_000 : 20_000 + frames]
    assert len(decode_opus(encode(pcm))) == frames


def test_what_is_decoded_begins_where_the_original_begins() -> None:
    pcm = speak(LIFT)
    correlation, lag_ms = compare(pcm, decode_opus(encode(pcm)))
    assert correlation > 0.95
    assert abs(lag_ms) < 0.05  # Opus itself moves speech by about one frame of 0.02 ms


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"not a sound" * 100, b"OggS" + bytes(200), encode(speak(WATER))[:60], bytes(decoding.MOST_BYTES + 1)],
    ids=["empty", "text", "header only", "cut off", "too large"],
)
def test_rubbish_is_refused_with_a_typed_error(rubbish: bytes) -> None:
    with pytest.raises(UnreadableAudio):
        decode_opus(rubbish)


@pytest.mark.parametrize(("codec", "container"), [("flac", "ogg"), ("pcm_s16le", "wav")])
def test_another_kind_of_sound_is_refused(codec: str, container: str) -> None:
    with pytest.raises(UnreadableAudio, match="no Opus"):
        decode_opus(encode(speak(WATER), codec, container))


def test_a_file_that_refers_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ogg").write_bytes(encode(speak(WATER)))
    with pytest.raises(UnreadableAudio):
        decode_opus(f"ffconcat version 1.0\nfile '{tmp_path}/a.ogg'\n".encode())


def test_more_than_the_longest_announcement_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MOST_SECONDS", 1)
    with pytest.raises(UnreadableAudio, match="longer"):
        decode_opus(encode(np.zeros(2 * SAMPLE_RATE, np.int16)))


def test_a_file_is_decoded_once_while_it_is_kept() -> None:
    decoder, data = Decoder(), encode(speak(WATER))
    first = decoder.decode(data)
    assert decoder.decode(bytes(data)) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_what_is_kept_is_bounded_by_bytes() -> None:
    one, two = encode(np.zeros(48_000, np.int16)), encode(np.zeros(47_000, np.int16))
    decoder = Decoder(most_bytes=2 * 50_000)
    first = decoder.decode(one)
    second = decoder.decode(two)
    assert decoder.decode(two) is second
    assert decoder.decode(one) is not first


def test_a_file_larger_than_the_bound_is_decoded_all_the_same() -> None:
    assert len(Decoder(most_bytes=10).decode(encode(speak(WATER)))) == len(speak(WATER))
