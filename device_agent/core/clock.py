"""The hub's time, learned from probes: the offset by the quickest way there and the quickest way back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wire.messages import Timeline

PROBES = 16  # the least round trip of so many had a p95 error of 0.2 ms, also on a loaded machine
PROBE_PAUSE_S = (0.01, 0.06)  # between two of them: a round outlasts what keeps hub or device busy at its begin
PROBE_EVERY_S = 60.0  # once the estimate is good
PROBE_AGAIN_S = 1.0  # while it is not, or nobody answers; twice as long each time
GOOD_NS = 1_500_000  # half a round trip of a quiet network; more means that everybody asks at the same time
DRIFT = 50e-6  # of a crystal, at worst
COURSE_NS = 1_800 * 1_000_000_000  # half an hour of rounds shows how fast the two clocks run apart,
CERTAIN_RATE = 2e-6  # once it is certain to that: 0.1 ms in a minute
PATIENCE_MS = 10_000  # so long after its start a device waits for the hub's time before it uses its own


def set_between_ns(one: Timeline | None, other: Timeline | None) -> int | None:
    """By how much the hub's clock was set from the one to the other; None where nothing says that it is one clock."""
    return None if one is None or other is None or one.boot != other.boot else other.base_ns - one.base_ns


@dataclass(frozen=True, slots=True)
class Probe:
    """One question and its answer: sent and arrived on the device's monotonic clock, the others on the hub's, by
    `timeline` where the hub names one.
    """

    sent_ns: int
    received_ns: int
    answered_ns: int
    arrived_ns: int
    timeline: Timeline | None = None

    @property
    def there_ns(self) -> int:
        """Time on the way to the hub, plus the offset."""
        return self.received_ns - self.sent_ns

    @property
    def back_ns(self) -> int:
        """Time on the way back, minus the offset."""
        return self.arrived_ns - self.answered_ns

    def told_as(self, other: Probe) -> Probe:
        """As the hub would have told it with its clock set as it is in another one."""
        if (by_ns := set_between_ns(self.timeline, other.timeline)) is None:
            return self
        received_ns, answered_ns = self.received_ns + by_ns, self.answered_ns + by_ns
        return replace(self, received_ns=received_ns, answered_ns=answered_ns, timeline=other.timeline)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The offset, learned at `at_ns` on the monotonic clock, and how wrong it may have been then; the timeline is that
    of the probes.
    """

    offset_ns: int
    error_ns: int
    at_ns: int
    timeline: Timeline | None = None

    def told_as(self, probe: Probe) -> Estimate:
        """As it is with the hub's clock set as it is in this probe."""
        by_ns = set_between_ns(self.timeline, probe.timeline)
        return self if by_ns is None else replace(self, offset_ns=self.offset_ns + by_ns, timeline=probe.timeline)

    def error_at(self, now_ns: int) -> int:
        """How wrong it may be by now."""
        return self.error_ns + round((now_ns - self.at_ns) * DRIFT)


def estimate(probes: list[Probe]) -> Estimate:
    """From one round of probes, which must not be empty: as if the quickest ways took equally long.

    A queue on one side delays one way only, so each way has its own best; the two need not be of the same probe.
    """
    there_ns, back_ns = min(probe.there_ns for probe in probes), min(probe.back_ns for probe in probes)
    last = probes[-1]
    return Estimate((there_ns - back_ns) // 2, (there_ns + back_ns) // 2, last.arrived_ns, last.timeline)


def agreeing(probes: list[Probe]) -> list[Probe]:
    """Those of a round that do not contradict its newest: where the hub's clock was stepped, those after the step.

    The best way there from before a step and the best way back from after it would give half of the step.
    """
    newest = estimate(probes[-1:])
    return [each for each in probes if not is_step(estimate([each]), newest)]


def is_step(old: Estimate, new: Estimate) -> bool:
    """Whether the hub's clock was stepped between the two: their offsets differ by more than both may be wrong."""
    return abs(new.offset_ns - old.offset_ns) > new.error_ns + old.error_at(new.at_ns)


def better(old: Estimate | None, new: Estimate) -> Estimate:
    """The one to go by: a round on a busy network does not replace a good one that is still fresh, but for a step, or
    where the hub's machine has started anew: then its timeline is another, though its time may be the same.
    """
    if old is None or new.error_ns <= old.error_at(new.at_ns) or is_step(old, new):
        return new
    is_same = old.timeline == new.timeline or set_between_ns(old.timeline, new.timeline) is not None
    return old if is_same else replace(old, timeline=new.timeline)


def followed(course: tuple[Estimate, ...], new: Estimate) -> tuple[Estimate, ...]:
    """The estimates of the last half hour with this one; alone where the hub's clock was stepped in between."""
    if not course:
        return (new,)
    if is_step(course[-1], new):
        return (new,)
    return (*(one for one in course if new.at_ns - one.at_ns <= COURSE_NS), new)


def rate(course: tuple[Estimate, ...]) -> float:
    """By how much the offset grows, in ns a ns of the monotonic clock; 0 while that is not certain."""
    if len(course) < 2:
        return 0.0
    first, last = course[0], course[-1]
    span_ns = last.at_ns - first.at_ns
    if first.error_ns + last.error_ns > CERTAIN_RATE * span_ns:
        return 0.0
    return (last.offset_ns - first.offset_ns) / span_ns
