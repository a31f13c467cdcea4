"""A clock that moves only when it is told to."""

from __future__ import annotations

from wire.messages import Timeline


class FakeClock:
    """Fills ports.Clock; `pass_ms` is time going by, `set_by` somebody setting the wall clock."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = now_ms
        self._monotonic_ms = 1_000_000

    def now_ms(self) -> int:
        """The wall clock."""
        return self._now_ms

    def monotonic_ms(self) -> int:
        """The clock that never steps."""
        return self._monotonic_ms

    def boot_id(self) -> str:
        """One machine that is never started again."""
        return "boot"

    def timeline(self) -> Timeline:
        """How far apart the two are."""
        return Timeline(boot="boot", base_ns=(self._now_ms - self._monotonic_ms) * 1_000_000)

    def pass_ms(self, by_ms: int) -> None:
        """Time goes by on both clocks."""
        self._now_ms += by_ms
        self._monotonic_ms += by_ms

    def set_by(self, by_ms: int) -> None:
        """The wall clock alone is set."""
        self._now_ms += by_ms
