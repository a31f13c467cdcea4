"""One open ALSA stream, through libasound alone: no wheel, no compiler on the Pi."""

import ctypes
import errno
import time
from functools import cache
from typing import Literal

import numpy as np

from device_agent.core.sounds import SAMPLE_RATE, Pcm
from device_agent.hardware.errors import SoundCardLost

_DIRECTIONS = {"playback": 0, "capture": 1}
_FORMAT_S16_LE = 2
_ACCESS_RW_INTERLEAVED = 3
_RESAMPLE_IN_SOFTWARE = 1
_NONBLOCK = 1
HELD_UP_S = 0.0005  # to ask takes a tenth of it
_STUCK_MS = 1_000  # a stream that takes or gives nothing for so long is lost


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libasound.so.2")
    except OSError as error:
        raise SoundCardLost("libasound.so.2 is not installed (Debian package libasound2)") from error
    library.snd_strerror.restype = ctypes.c_char_p
    for name in ("snd_pcm_writei", "snd_pcm_readi"):
        function = getattr(library, name)
        function.restype = ctypes.c_long
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong]
    library.snd_pcm_avail_update.restype = ctypes.c_long
    library.snd_pcm_avail_update.argtypes = [ctypes.c_void_p]
    library.snd_pcm_delay.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_long)]
    library.snd_pcm_get_params.argtypes = [ctypes.c_void_p] + [ctypes.POINTER(ctypes.c_ulong)] * 2
    for name, arguments in (("wait", 1), ("recover", 2), ("start", 0), ("close", 0)):
        getattr(library, f"snd_pcm_{name}").argtypes = [ctypes.c_void_p] + [ctypes.c_int] * arguments
    return library


class AlsaStream:
    """A 48 kHz, 16 bit, one-channel stream. Its calls block: use it from a thread of its own.

    `latency_s` is what its buffer should hold; the device may round it. `period` is how many frames it moves at once.
    Every method raises SoundCardLost when the device is gone or stuck; the stream is then to be closed.
    """

    def __init__(self, device: str, direction: Literal["playback", "capture"], latency_s: float) -> None:
        self._name = f"{direction} on {device}"
        self._library = _library()
        self._handle = ctypes.c_void_p()
        self._check(
            self._library.snd_pcm_open(ctypes.byref(self._handle), device.encode(), _DIRECTIONS[direction], _NONBLOCK)
        )
        try:
            self._check(
                self._library.snd_pcm_set_params(
                    self._handle,
                    _FORMAT_S16_LE,
                    _ACCESS_RW_INTERLEAVED,
                    1,
                    SAMPLE_RATE,
                    _RESAMPLE_IN_SOFTWARE,
                    round(latency_s * 1e6),
                )
            )
            buffer, period = ctypes.c_ulong(), ctypes.c_ulong()
            self._check(self._library.snd_pcm_get_params(self._handle, ctypes.byref(buffer), ctypes.byref(period)))
        except SoundCardLost:
            self.close()
            raise
        self.period = period.value

    def delay_s(self) -> float | None:
        """Playback: until a frame written now is heard. Capture: how old the next frame read is. None after an xrun."""
        frames = ctypes.c_long()
        if self._library.snd_pcm_delay(self._handle, ctypes.byref(frames)) < 0:
            return None
        return frames.value / SAMPLE_RATE

    def next_heard_s(self) -> float | None:
        """Playback: the instant (monotonic seconds) at which a frame written now is heard, as the driver says it.

        None after an xrun, and where the thread was held up while it asked.
        """
        asked_s = time.monotonic()
        delay_s = self.delay_s()
        told_s = time.monotonic()
        return None if delay_s is None or told_s - asked_s > HELD_UP_S else told_s + delay_s

    def start(self) -> None:
        """Begin to capture."""
        self._check(self._library.snd_pcm_start(self._handle))

    def wait_for_room(self) -> bool:
        """Wait until a period can be written at once. False after an underrun: what was waiting was not heard."""
        while 0 <= (room := self._library.snd_pcm_avail_update(self._handle)) < self.period:
            self._wait()
        if room < 0:
            self._recover(room)
            return False
        return True

    def write(self, pcm: Pcm) -> bool:
        """Write all frames, waiting for room. False after an underrun: they and what was waiting were not heard."""
        done = 0
        while done < len(pcm):
            rest = pcm[done:]
            count = self._library.snd_pcm_writei(self._handle, rest.ctypes.data, len(rest))
            if count == -errno.EAGAIN:
                self._wait()
            elif count < 0:
                self._recover(count)
                return False
            else:
                done += count
        return True

    def read(self, frames: int) -> Pcm | None:
        """Up to `frames` frames, waiting for the first of them; None after an overrun, which lost some."""
        pcm = np.empty(frames, np.int16)
        while (count := self._library.snd_pcm_readi(self._handle, pcm.ctypes.data, frames)) == -errno.EAGAIN:
            self._wait()
        if count < 0:
            self._recover(count)
            self.start()
            return None
        return pcm[:count]

    def close(self) -> None:
        """Close it at once; what is still in the buffer is not heard."""
        if self._handle:
            self._library.snd_pcm_close(self._handle)
            self._handle = ctypes.c_void_p()

    def _wait(self) -> None:
        if self._library.snd_pcm_wait(self._handle, _STUCK_MS) == 0:
            raise SoundCardLost(f"{self._name}: nothing moved for {_STUCK_MS} ms")

    def _recover(self, code: int) -> None:
        """An xrun (EPIPE) or a suspension is mended here; anything else means that the device is gone."""
        if -code not in (errno.EPIPE, errno.ESTRPIPE, errno.EINTR):
            self._check(code)
        self._check(self._library.snd_pcm_recover(self._handle, code, 1))

    def _check(self, code: int) -> None:
        if code < 0:
            raise SoundCardLost(f"{self._name}: {self._library.snd_strerror(code).decode()}")
