"""The device's clocks: the monotonic one, and the hub's time once it has been learned."""

from __future__ import annotations

import time
from collections.abc import Callable

from device_agent.core.clock import PATIENCE_MS
from device_agent.core.moment import Moment


class DeviceClock:
    """The hub's time is the monotonic clock plus an offset: steps of the wall clock do not touch it.

    `wall_ns` is read only until the first offset is learned, and to report how far off it is.
    """

    def __init__(
        self,
        mono_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.mono_ns = mono_ns
        self._wall_ns = wall_ns
        self._started_ns = mono_ns()
        self._offset_ns: int | None = None
        self._is_learned = False
        self._learned_ns = 0
        self._rate = 0.0

    def now(self) -> Moment:
        """This instant."""
        return self.at(self.mono_ns() / 1e9)

    def at(self, mono_s: float) -> Moment:
        """That instant of the monotonic clock, in seconds."""
        mono_ns = round(mono_s * 1e9)
        waited_ms = (mono_ns - self._started_ns) // 1_000_000
        return Moment(
            mono_ms=mono_ns // 1_000_000,
            unix_ms=(mono_ns + self._offset(mono_ns)) // 1_000_000,
            is_settled=self._offset_ns is not None or waited_ms >= PATIENCE_MS,
            is_learned=self._is_learned,
        )

    def mono_s(self, unix_ms: float) -> float:
        """The instant of the monotonic clock, in seconds, at this Unix time."""
        near_ns = round(unix_ms * 1e6) - self._offset(self.mono_ns())
        return (unix_ms * 1e6 - self._offset(near_ns)) / 1e9

    def learn(self, offset_ns: int, at_ns: int = 0, rate: float = 0.0) -> None:
        """The hub's Unix time was the monotonic clock plus this at `at_ns`; it gains `rate` on it ever since."""
        self._offset_ns, self._learned_ns, self._rate = offset_ns, at_ns, rate
        self._is_learned = True

    def assume(self, offset_ns: int) -> None:
        """Go by this offset without taking it for learned, until one is: the hub has contradicted the last one."""
        self.learn(offset_ns)
        self._is_learned = False

    def ahead_ns(self) -> int | None:
        """How far the hub's time is ahead of the monotonic clock at this instant, learned or assumed; None before."""
        return None if self._offset_ns is None else self._offset(self.mono_ns())

    @property
    def is_assumed(self) -> bool:
        """Whether an offset is gone by that was not learned."""
        return self._offset_ns is not None and not self._is_learned

    def wall_error_ms(self) -> float | None:
        """How far the system's wall clock is ahead of the hub's time; None while that is not known."""
        if not self._is_learned:
            return None
        mono_ns = self.mono_ns()
        return round((self._wall_ns() - mono_ns - self._offset(mono_ns)) / 1e6, 3)

    def _offset(self, mono_ns: int) -> int:
        if self._offset_ns is None:
            return self._wall_ns() - self.mono_ns()
        return self._offset_ns + round(self._rate * (mono_ns - self._learned_ns))
