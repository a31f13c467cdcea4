"""The hub's time, learned from probes: the offset of the one with the least round trip."""

from __future__ import annotations

from dataclasses import dataclass

PROBES = 16  # the least round trip of so many had a p95 error of 0.2 ms, also on a loaded machine
PROBE_EVERY_S = 60.0  # once the estimate is good
PROBE_AGAIN_S = 4.0  # while it is not, or nobody answers
GOOD_NS = 1_500_000  # half a round trip of a quiet network; more means that everybody asks at the same time
DRIFT = 50e-6  # of a crystal, at worst
PATIENCE_MS = 10_000  # so long after its start a device waits for the hub's time before it uses its own


@dataclass(frozen=True, slots=True)
class Probe:
    """One question and its answer: sent and arrived on the device's monotonic clock, the others on the hub's."""

    sent_ns: int
    received_ns: int
    answered_ns: int
    arrived_ns: int

    @property
    def round_trip_ns(self) -> int:
        """Time on the way, both ways, without the hub's own."""
        return (self.arrived_ns - self.sent_ns) - (self.answered_ns - self.received_ns)

    @property
    def offset_ns(self) -> int:
        """The hub's Unix time minus the device's monotonic time, if both ways took equally long."""
        return ((self.received_ns - self.sent_ns) + (self.answered_ns - self.arrived_ns)) // 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """The offset, learned at `at_ns` on the monotonic clock, and how wrong it may have been then."""

    offset_ns: int
    error_ns: int
    at_ns: int

    def error_at(self, now_ns: int) -> int:
        """How wrong it may be by now."""
        return self.error_ns + round((now_ns - self.at_ns) * DRIFT)


def estimate(probes: list[Probe]) -> Estimate:
    """The best of one round of probes, which must not be empty."""
    best = min(probes, key=lambda probe: probe.round_trip_ns)
    return Estimate(best.offset_ns, best.round_trip_ns // 2, best.arrived_ns)


def better(old: Estimate | None, new: Estimate) -> Estimate:
    """The one to go by: a round on a busy network does not replace a good one that is still fresh."""
    return new if old is None or new.error_ns <= old.error_at(new.at_ns) else old
