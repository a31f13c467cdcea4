"""The machine's clocks."""

from __future__ import annotations

import hashlib
import time
from functools import cache
from pathlib import Path
from uuid import uuid4

from wire.messages import Timeline

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, since devices do not sleep with it; slewed like the wall clock, and never set."""
_READINGS = 5
_WAVERS_NS = 1_000_000
"""Two readings of two clocks differ by less, unless somebody has set one."""


class SystemClock:
    """Fills ports.Clock."""

    def __init__(self) -> None:
        self._timeline = Timeline(boot=_named(_boot_id()), base_ns=_read_base()[1])

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch; may step when the clock is set."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Milliseconds since some instant; never steps."""
        return time.monotonic_ns() // 1_000_000

    def steady_ns(self) -> int:
        """Nanoseconds since the machine was started, also while it sleeps."""
        return time.clock_gettime_ns(_STEADY)

    def timeline(self) -> Timeline:
        """How the wall clock stands to the steady one: the same until it is set, however the reading wavers."""
        took_ns, base_ns = min(_read_base() for _ in range(_READINGS))
        if abs(base_ns - self._timeline.base_ns) > max(_WAVERS_NS, took_ns):  # it is wrong by no more than it took
            self._timeline = Timeline(boot=self._timeline.boot, base_ns=base_ns)
        return self._timeline

    def boot_id(self) -> str:
        """The machine's own name of its start; where it has none, each program counts for itself."""
        return _boot_id()


def _read_base() -> tuple[int, int]:
    """How long the reading took, and the wall clock minus the steady one, in ns."""
    before_ns, wall_ns, after_ns = time.clock_gettime_ns(_STEADY), time.time_ns(), time.clock_gettime_ns(_STEADY)
    return after_ns - before_ns, wall_ns - (before_ns + after_ns) // 2


def _named(boot_id: str) -> str:
    """Its short name, which everybody may read."""
    return hashlib.sha256(boot_id.encode()).hexdigest()[:16]


@cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid4())
