"""Sound as samples."""

from dataclasses import dataclass

RATE_HZ = 48_000  # the only rate Opus decodes to without resampling; the agents' streams run at it too
BYTES_PER_SAMPLE = 2


@dataclass(frozen=True, slots=True)
class Pcm:
    """Mono samples, signed 16 bit, the machine's byte order, at `rate_hz`."""

    samples: bytes
    rate_hz: int = RATE_HZ

    @property
    def count(self) -> int:
        return len(self.samples) // BYTES_PER_SAMPLE

    @property
    def duration_ms(self) -> int:
        return round(self.count * 1000 / self.rate_hz)
