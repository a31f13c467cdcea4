"""One frame of live speech: 20 ms of Opus, when it was captured, its number, and the hub's signature over all of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from wire.signing import SIGNATURE_BYTES, Refused, SigningKey, VerifyKeys

FRAME_US = 20_000
MOST_OPUS_BYTES = 1_275
"""RFC 6716, 3.4: no frame of Opus is longer, and one packet holds one frame here."""
MOST_FRAMES = 40_000
"""Ten minutes are 30,000 frames; numbers beyond `first_seq` plus this belong to no announcement."""
_HEAD = struct.Struct("!IQ")


@dataclass(frozen=True, slots=True)
class Frame:
    """`seq` rises by one from the announcement's `first_seq`; `capture_us` is by the hub's clock, µs since the epoch.

    A frame of one byte holds nothing: the speaker has let go of the button.
    """

    seq: int
    capture_us: int
    opus: bytes

    @property
    def is_pause(self) -> bool:
        """Whether silence begins here."""
        return len(self.opus) == 1


def sealed(frame: Frame, key: SigningKey) -> bytes:
    """The frame as it travels."""
    body = _HEAD.pack(frame.seq, frame.capture_us) + frame.opus
    return body + key.sign_raw(body)


def opened(payload: bytes, keys: VerifyKeys) -> Frame:
    """The frame in `payload`; raises Refused for one that no trusted key signed, or that holds no 20 ms of Opus."""
    body, signature = payload[:-SIGNATURE_BYTES], payload[-SIGNATURE_BYTES:]
    if not _HEAD.size < len(body) <= _HEAD.size + MOST_OPUS_BYTES:
        raise Refused("no frame of live speech")
    keys.check_raw(body, signature)
    seq, capture_us = _HEAD.unpack_from(body)
    frame = Frame(seq, capture_us, body[_HEAD.size :])
    if not is_20_ms(frame.opus):
        raise Refused("no 20 ms of Opus")
    return frame


def is_20_ms(opus: bytes) -> bool:
    """Whether this is an Opus packet of one frame of 20 ms, by its first byte (RFC 6716, 3.1)."""
    if not 1 <= len(opus) <= MOST_OPUS_BYTES or opus[0] & 0b11:
        return False
    configuration = opus[0] >> 3
    if configuration < 12:
        return configuration % 4 == 1
    return configuration % 2 == 1 if configuration < 16 else configuration % 4 == 3
