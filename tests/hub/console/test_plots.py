"""Plots lie within their picture, and a gap is not a bar of nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.console.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, bars, steps

SHARES = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=40)


@given(SHARES)
def test_every_bar_stands_on_the_ground_within_the_picture(shares: list[float | None]) -> None:
    plot = bars(shares, [""] * len(shares), ["x"] * len(shares))
    assert len(plot.bars) == sum(one is not None for one in shares)
    for one in plot.bars:
        assert one.x >= LEFT
        assert one.x + one.width <= WIDTH - RIGHT + 0.1
        assert one.y >= TOP
        assert abs(one.y + one.height - (HEIGHT - BOTTOM)) < 0.2


def test_a_share_of_nothing_is_a_gap_and_none_achieved_a_bar_of_no_height() -> None:
    plot = bars([None, 0.0, 1.0], ["a", "b", "c"], ["a", "b", "c"])
    assert [(one.text, one.height) for one in plot.bars] == [("b", 0.0), ("c", HEIGHT - TOP - BOTTOM)]
    assert len(plot.labels) == 3


def test_steps_begin_where_they_are_and_rise_at_each_point() -> None:
    plot = steps([(0, 0), (60, 0.5), (120, 1)], [(0, "0"), (120, "120")], [60])
    assert plot.path == f"M{LEFT} {HEIGHT - BOTTOM}H376.0V102.0H{WIDTH - RIGHT}V{TOP}"
    assert [one.x for one in plot.marks] == [376.0]


def test_a_plot_of_nothing_can_be_drawn() -> None:
    assert bars([], [], []).bars == ()
    assert steps([], [], []).path == ""
