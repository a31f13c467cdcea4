"""Now, as rules see it: one clock to wait by and one to stamp with."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on two clocks, both in integer milliseconds.

    `mono_ms` never jumps: every wait is measured on it. `unix_ms` is the hub's time once it has been learned
    (`is_learned`), and the system's wall clock before, by which a device goes that has waited in vain (`is_settled`).
    """

    mono_ms: int
    unix_ms: int
    is_settled: bool = True
    is_learned: bool = True

    def unix_of(self, mono_s: float) -> int:
        """The Unix time, in ms, of an instant of the monotonic clock in seconds."""
        return self.unix_ms + round(mono_s * 1000) - self.mono_ms


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of this name; None where this device does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
