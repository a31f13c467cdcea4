"""Now, as rules see it: one clock to wait by and one to stamp with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from device_agent.core.clock import set_between_ns
from wire.messages import Timeline


@dataclass(frozen=True, slots=True)
class Learned:
    """The hub's time as it was last learned, whatever is assumed since, and by which of the hub's timelines."""

    unix_ms: int
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on two clocks, both in integer milliseconds.

    `mono_ms` never jumps: every wait is measured on it. `unix_ms` is the hub's time once it has been learned
    (`is_learned`), and the system's wall clock before, by which a device goes that has waited in vain (`is_settled`).
    `learned` is None before, and with a hub that names no timeline.
    """

    mono_ms: int
    unix_ms: int
    is_settled: bool = True
    is_learned: bool = True
    learned: Learned | None = None

    def by(self, timeline: Timeline | None) -> Moment:
        """This instant as the hub would have told it by that timeline, had its clock not been set since.

        Unchanged where there is none, or where the hub's machine has started anew.
        """
        if self.learned is None or (set_ns := set_between_ns(self.learned.timeline, timeline)) is None:
            return self
        return replace(self, unix_ms=self.learned.unix_ms + round(set_ns / 1e6), is_settled=True, is_learned=True)

    def unix_of(self, mono_s: float) -> int:
        """The Unix time, in ms, of an instant of the monotonic clock in seconds."""
        return self.unix_ms + round(mono_s * 1000) - self.mono_ms


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of this name; None where this device does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
