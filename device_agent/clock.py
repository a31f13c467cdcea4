"""The device's clocks: the monotonic one, and the hub's time once it has been learned."""

from __future__ import annotations

import time
from collections.abc import Callable

from device_agent.core.clock import PATIENCE_MS, set_between_ns
from device_agent.core.moment import Learned, Moment
from wire.messages import Timeline


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
        self._assumed_ns: int | None = None
        self._learned_ns = 0
        self._rate = 0.0
        self._timeline: Timeline | None = None

    def now(self) -> Moment:
        """This instant."""
        return self.at(self.mono_ns() / 1e9)

    def at(self, mono_s: float) -> Moment:
        """That instant of the monotonic clock, in seconds."""
        mono_ns = round(mono_s * 1e9)
        waited_ms = (mono_ns - self._started_ns) // 1_000_000
        learned = None
        if self._timeline is not None:
            learned = Learned((mono_ns + self._learned(mono_ns)) // 1_000_000, self._timeline)
        return Moment(
            mono_ms=mono_ns // 1_000_000,
            unix_ms=(mono_ns + self._offset(mono_ns)) // 1_000_000,
            is_settled=self._offset_ns is not None or self._assumed_ns is not None or waited_ms >= PATIENCE_MS,
            is_learned=self._is_learned,
            learned=learned,
        )

    def mono_s(self, unix_ms: float, timeline: Timeline | None = None) -> float:
        """The instant of the monotonic clock, in seconds, at this Unix time, by that timeline of the hub if it is one
        of which the time is known, else as the hub's clock is set now.
        """
        set_ns = set_between_ns(self._timeline, timeline)
        ahead = self._offset if set_ns is None else self._learned
        unix_ns = unix_ms * 1e6 - (set_ns or 0)
        return (unix_ns - ahead(round(unix_ns) - ahead(self.mono_ns()))) / 1e9

    def learn(self, offset_ns: int, at_ns: int = 0, rate: float = 0.0, timeline: Timeline | None = None) -> None:
        """The hub's Unix time was the monotonic clock plus this at `at_ns`; it gains `rate` on it ever since."""
        self._offset_ns, self._learned_ns, self._rate, self._timeline = offset_ns, at_ns, rate, timeline
        self._assumed_ns = None

    def assume(self, offset_ns: int) -> None:
        """Go by this offset without taking it for learned, until one is: the hub has contradicted the last one."""
        self._assumed_ns = offset_ns

    def wall_error_ms(self) -> float | None:
        """How far the system's wall clock is ahead of the hub's time; None while that is not known."""
        if not self._is_learned:
            return None
        mono_ns = self.mono_ns()
        return round((self._wall_ns() - mono_ns - self._offset(mono_ns)) / 1e6, 3)

    @property
    def _is_learned(self) -> bool:
        return self._offset_ns is not None and self._assumed_ns is None

    def _offset(self, mono_ns: int) -> int:
        """Of the time that is gone by: assumed, learned, or the wall clock's."""
        if self._assumed_ns is not None:
            return self._assumed_ns
        return self._wall_ns() - self.mono_ns() if self._offset_ns is None else self._learned(mono_ns)

    def _learned(self, mono_ns: int) -> int:
        assert self._offset_ns is not None
        return self._offset_ns + round(self._rate * (mono_ns - self._learned_ns))
