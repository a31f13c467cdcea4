"""The hub's time from probes."""

from hypothesis import given
from hypothesis import strategies as st

from device_agent.core.clock import Estimate, Probe, better, estimate

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


def test_a_worse_round_does_not_replace_a_good_one_that_is_fresh() -> None:
    good = Estimate(1, error_ns=1 * MS, at_ns=0)
    worse = Estimate(2, error_ns=2 * MS, at_ns=1_000 * MS)
    assert better(good, worse) is good
    assert better(None, worse) is worse


def test_a_good_one_that_is_old_is_replaced() -> None:
    good = Estimate(1, error_ns=1 * MS, at_ns=0)
    worse = Estimate(2, error_ns=2 * MS, at_ns=60_000 * MS)
    assert better(good, worse) is worse
