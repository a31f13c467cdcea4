"""When frames leave the DAC: a line through what the driver says, which jitters and is at times plainly wrong."""

from device_agent.core.sounds import SAMPLE_RATE

FIRST_READINGS = 20  # as many are averaged from the beginning on
MEMORY_S = 20.0  # a sound server's own estimate wavers by half a millisecond for seconds; a crystal does not
MOST_RATE = 3e-4  # no sound card runs wrong by more; what looks like it is the driver settling
MOST_ERROR_S = 0.001  # one reading that is further off is taken for this much
JUMP_S = 0.005  # more than jitter: the stream was interrupted,
JUMPS = 8  # if so many readings in a row say so


class DacClock:
    """The line of least squares through all readings at first, and through the last MEMORY_S from then on."""

    def __init__(self, guess_s: float) -> None:
        """`guess_s` is when the first frame will be heard, as long as the driver does not say."""
        self._next_s = guess_s
        self._rate = 0.0  # how many seconds more a second of frames takes
        self._readings = 0
        self._jumps = 0

    def next_block_s(self, measured_s: float | None, frames: int) -> float:
        """The instant (monotonic seconds) of the next block's first frame, given what the driver says of it now.

        None: the driver says nothing, or nothing to be trusted; then the count of the frames must do.
        """
        block_s = frames / SAMPLE_RATE
        if measured_s is not None:
            self._read(measured_s, block_s)
        instant_s = self._next_s
        self._next_s += block_s * (1 + self._rate)
        return instant_s

    def _read(self, measured_s: float, block_s: float) -> None:
        error_s = measured_s - self._next_s
        self._jumps = self._jumps + 1 if abs(error_s) > JUMP_S else 0
        if not self._readings or self._jumps >= JUMPS:
            self._next_s, self._readings, self._jumps = measured_s, FIRST_READINGS, 0
            return
        count = self._readings = min(self._readings + 1, round(MEMORY_S / block_s))
        error_s = min(max(error_s, -MOST_ERROR_S), MOST_ERROR_S)
        self._next_s += error_s * 2 * (2 * count - 1) / (count * (count + 1))
        rate = self._rate + error_s * 6 / (count * (count + 1)) / block_s
        self._rate = min(max(rate, -MOST_RATE), MOST_RATE)
