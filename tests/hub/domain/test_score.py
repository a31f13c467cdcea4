"""The score counts what the journal says: late is late, never is never, and what is not known yet is not held late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.score import Call, accepted_by, by, decided, hour_of, quantile, tally

T0 = 1_764_547_200_000
"""2025-12-01 08:00 in Shanghai, midnight in London."""


def call(accepted_s: float | None, arrived_s: float | None = None, place: str = "a", opened_ms: int = T0) -> Call:
    def at(after_s: float | None) -> int | None:
        return None if after_s is None else opened_ms + int(after_s * 1_000)

    return Call(place, False, opened_ms, at(accepted_s), at(arrived_s))


CALLS = [call(10, 200), call(60, 300), call(60.001), call(90, 400), call(91), call(None)]


def test_shares_are_of_all_calls_those_never_accepted_included() -> None:
    one = tally(CALLS)
    assert (one.calls, one.accepted, one.within_60_s, one.within_90_s, one.arrived) == (6, 5, 2, 4, 3)


def test_times_are_of_those_that_have_one() -> None:
    one = tally(CALLS)
    assert (one.accept_p50_ms, one.accept_p90_ms) == (60_001, 91_000)
    assert (one.arrive_p50_ms, one.arrive_p90_ms) == (300_000, 400_000)
    none = tally([call(None)])
    assert (none.accept_p50_ms, none.arrive_p90_ms) == (None, None)


def test_a_call_that_has_only_just_come_is_left_out_until_it_is_late_or_accepted() -> None:
    calls = [call(None), call(5)]
    assert decided(calls, T0 + 89_999) == [calls[1]]
    assert decided(calls, T0 + 90_000) == calls


def test_groups_have_their_own_figures() -> None:
    groups = by([call(10), call(70, place="b"), call(None, place="b")], lambda one: one.place)
    assert {name: (one.calls, one.within_60_s) for name, one in groups.items()} == {"a": (1, 1), "b": (2, 0)}


def test_the_hour_is_the_communitys() -> None:
    assert hour_of(call(1), "Asia/Shanghai") == 8
    assert hour_of(call(1), "Europe/London") == 0


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    assert call(-30).to_accept_ms == 0


def test_the_curve_counts_those_accepted_by_then() -> None:
    assert accepted_by(CALLS, [0, 10_000, 60_000, 90_000, 180_000]) == [0, 1, 2, 4, 5]


@given(st.lists(st.integers(0, 10_000), min_size=1), st.integers(1, 100))
def test_a_quantile_is_a_value_that_so_many_lie_at_or_below(values: list[int], percent: int) -> None:
    found = quantile(sorted(values), percent)
    assert found in values
    assert sum(one <= found for one in values) * 100 >= percent * len(values)
    assert sum(one < found for one in values) * 100 < percent * len(values)


TIMES = st.one_of(st.none(), st.integers(0, 200))


@given(st.lists(st.builds(call, TIMES, TIMES, st.sampled_from("abc"))))
def test_groups_add_up_to_the_whole(calls: list[Call]) -> None:
    whole, groups = tally(calls), by(calls, lambda one: one.place).values()
    for field in ("calls", "accepted", "within_60_s", "within_90_s", "arrived"):
        assert sum(getattr(one, field) for one in groups) == getattr(whole, field)
    assert whole.within_60_s <= whole.within_90_s <= whole.accepted <= whole.calls
