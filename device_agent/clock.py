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

    def now(self) -> Moment:
        """This instant."""
        return self.at(self.mono_ns() / 1e9)

    def at(self, mono_s: float) -> Moment:
        """That instant of the monotonic clock, in seconds."""
        mono_ns = round(mono_s * 1e9)
        waited_ms = (mono_ns - self._started_ns) // 1_000_000
        return Moment(
            mono_ms=mono_ns // 1_000_000,
            unix_ms=(mono_ns + self._offset()) // 1_000_000,
            is_settled=self._offset_ns is not None or waited_ms >= PATIENCE_MS,
            is_learned=self._offset_ns is not None,
        )

    def mono_s(self, unix_ms: float) -> float:
        """The instant of the monotonic clock, in seconds, at this Unix time."""
        return (unix_ms * 1e6 - self._offset()) / 1e9

    def learn(self, offset_ns: int) -> None:
        """The hub's Unix time is the monotonic clock plus this, from now on."""
        self._offset_ns = offset_ns

    def wall_error_ms(self) -> float | None:
        """How far the system's wall clock is ahead of the hub's time; None while that is not known."""
        if self._offset_ns is None:
            return None
        return round((self._wall_ns() - self.mono_ns() - self._offset_ns) / 1e6, 3)

    def _offset(self) -> int:
        return self._wall_ns() - self.mono_ns() if self._offset_ns is None else self._offset_ns
