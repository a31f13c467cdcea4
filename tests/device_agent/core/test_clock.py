"""The hub's time from probes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from device_agent.core.clock import (
    CERTAIN_RATE,
    COURSE_NS,
    Estimate,
    Probe,
    agreeing,
    better,
    estimate,
    followed,
    rate,
)
from tests.device_agent.core.values import timeline

MS = 1_000_000
TRUE_OFFSET_NS = 1_795_310_000_000 * MS
WAYS = st.integers(0, 500 * MS)


def probe(sent_ns: int, there_ns: int, back_ns: int, hub_ns: int = 100_000) -> Probe:
    received_ns = sent_ns + there_ns + TRUE_OFFSET_NS
    return Probe(sent_ns, received_ns, received_ns + hub_ns, sent_ns + there_ns + hub_ns + back_ns)


def test_equal_ways_give_the_exact_offset() -> None:
    assert estimate([probe(5 * MS, 3 * MS, 3 * MS)]).offset_ns == TRUE_OFFSET_NS


def test_the_quickest_way_there_and_the_quickest_way_back_are_believed() -> None:
    slow, quick = probe(0, 90 * MS, 2 * MS), probe(200 * MS, 1 * MS, 1 * MS)
    assert estimate([slow, quick, slow]).offset_ns == TRUE_OFFSET_NS


def test_the_quickest_ways_may_be_those_of_different_probes() -> None:
    found = estimate([probe(0, 1 * MS, 40 * MS), probe(200 * MS, 50 * MS, 1 * MS)])
    assert (found.offset_ns, found.error_ns) == (TRUE_OFFSET_NS, 1 * MS)


@given(st.lists(st.tuples(WAYS, WAYS), min_size=1, max_size=16))
def test_an_estimate_is_never_more_wrong_than_it_says(ways: list[tuple[int, int]]) -> None:
    found = estimate([probe(0, there_ns, back_ns) for there_ns, back_ns in ways])
    assert abs(found.offset_ns - TRUE_OFFSET_NS) <= found.error_ns + 1


@given(st.lists(st.tuples(WAYS, WAYS, st.integers(-(10**18), 10**18)), min_size=1, max_size=16))
def test_a_clock_that_is_set_between_probes_of_one_timeline_is_no_error(ways: list[tuple[int, int, int]]) -> None:
    """Each probe is answered with the clock set by another amount; the last of them is gone by."""
    probes = [
        replace(one, received_ns=one.received_ns + by_ns, answered_ns=one.answered_ns + by_ns, timeline=timeline(by_ns))
        for one, by_ns in ((probe(0, there_ns, back_ns), by_ns) for there_ns, back_ns, by_ns in ways)
    ]
    found = estimate([each.told_as(probes[-1]) for each in probes])
    plain = estimate([probe(0, there_ns, back_ns) for there_ns, back_ns, _ in ways])
    assert found == replace(plain, offset_ns=plain.offset_ns + ways[-1][2], timeline=timeline(ways[-1][2]))
    assert plain.told_as(probes[-1]) == plain  # of which nobody says by which timeline it is
    assert replace(plain, timeline=timeline(0)).told_as(probes[-1]) == found
    other = replace(plain, timeline=timeline(0, boot="b"))
    assert other.told_as(probes[-1]) == other


def test_a_worse_round_does_not_replace_a_good_one_that_is_fresh() -> None:
    good = Estimate(1, error_ns=1 * MS, at_ns=0)
    worse = Estimate(2, error_ns=2 * MS, at_ns=1_000 * MS)
    assert better(good, worse) is good
    assert better(None, worse) is worse
    of_a_new_start = replace(worse, timeline=timeline(7, boot="b"))
    assert better(replace(good, timeline=timeline(5)), of_a_new_start) == replace(good, timeline=timeline(7, boot="b"))


def test_a_good_one_that_is_old_is_replaced() -> None:
    good = Estimate(1, error_ns=1 * MS, at_ns=0)
    worse = Estimate(2, error_ns=2 * MS, at_ns=60_000 * MS)
    assert better(good, worse) is worse


def test_a_worse_round_that_shows_a_step_of_the_hubs_clock_is_gone_by_at_once() -> None:
    before = Estimate(3_600_000 * MS, error_ns=MS // 2, at_ns=0)
    after = Estimate(0, error_ns=4 * MS, at_ns=1_000 * MS)
    assert better(before, after) is after


@given(st.integers(-7_200_000, 7_200_000), st.lists(st.tuples(WAYS, WAYS), min_size=2, max_size=16), st.data())
def test_a_step_within_a_round_is_not_halved(step_ms: int, ways: list[tuple[int, int]], data: st.DataObject) -> None:
    stepped_at = data.draw(st.integers(1, len(ways) - 1))
    probes: list[Probe] = []
    for index, (there_ns, back_ns) in enumerate(ways):
        step_ns = step_ms * MS * (index >= stepped_at)
        one = probe(index * 1_000 * MS, there_ns, back_ns)
        one = replace(one, received_ns=one.received_ns + step_ns, answered_ns=one.answered_ns + step_ns)
        probes = agreeing([*probes, one])
    found, newest = estimate(probes), estimate(probes[-1:])
    drift_ns = newest.error_at(newest.at_ns + len(ways) * 1_500 * MS) - newest.error_ns
    assert abs(found.offset_ns - TRUE_OFFSET_NS - step_ms * MS) <= 2 * newest.error_ns + drift_ns


MINUTE_NS = 60_000 * MS


def course_of(ppm: float, minutes: int, error_ns: int, wrong: list[int] | None = None) -> tuple[Estimate, ...]:
    """A round a minute, each wrong by so many ns, of a hub whose clock gains so much."""
    course: tuple[Estimate, ...] = ()
    for minute in range(minutes):
        at_ns = minute * MINUTE_NS
        offset_ns = round(at_ns * ppm * 1e-6) + (wrong[minute % len(wrong)] if wrong else 0)
        course = followed(course, Estimate(offset_ns, error_ns, at_ns))
    return course


@given(st.floats(-45, 45), st.lists(st.integers(-MS // 4, MS // 4), min_size=1, max_size=7), st.integers(1, 90))
def test_the_rate_is_never_more_wrong_than_it_must_be_certain_to(ppm: float, wrong: list[int], minutes: int) -> None:
    found = rate(course_of(ppm, minutes, MS // 4, wrong))
    assert found == 0.0 or abs(found - ppm * 1e-6) <= CERTAIN_RATE + 1e-12


def test_after_half_an_hour_the_rate_is_known() -> None:
    assert abs(rate(course_of(30.0, 31, MS // 2)) - 30e-6) < 1e-9


def test_two_rounds_on_a_busy_network_say_nothing_of_the_rate() -> None:
    assert rate(course_of(30.0, 2, MS)) == 0.0


def test_only_the_last_half_hour_counts() -> None:
    course = course_of(0.0, 120, MS // 4)
    assert course[-1].at_ns - course[0].at_ns == COURSE_NS


def test_a_step_of_the_hubs_clock_is_no_rate() -> None:
    stepped = followed(course_of(0.0, 30, MS // 4), Estimate(2_000 * MS, MS // 4, 30 * MINUTE_NS))
    assert len(stepped) == 1
    assert rate(stepped) == 0.0
