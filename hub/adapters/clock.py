"""The machine's clocks."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from uuid import uuid4

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Fills ports.Clock."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch; may step when the clock is set."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Milliseconds since some instant; never steps."""
        return time.monotonic_ns() // 1_000_000

    def base_ms(self) -> int:
        """The wall clock minus the steady one, of five readings the one that was least held up: a step, or nothing,
        changes it.
        """
        return min(_read_base() for _ in range(5))[1] // 1_000_000

    def boot_id(self) -> str:
        """The machine's own name of its start; where it has none, each program counts for itself."""
        return _boot_id()


def _read_base() -> tuple[int, int]:
    """How long the reading took, and what was read, in ns."""
    before_ns, wall_ns, after_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
    return after_ns - before_ns, wall_ns - (before_ns + after_ns) // 2


@cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid4())
