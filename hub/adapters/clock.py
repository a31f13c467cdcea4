"""The machine's clocks."""

from __future__ import annotations

import time


class SystemClock:
    """Fills ports.Clock."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch; may step when the clock is set."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Milliseconds since some instant; never steps."""
        return time.monotonic_ns() // 1_000_000
