"""Stored ladders: which one holds where and when, and what is refused."""

from dataclasses import replace

import pytest

from hub.domain.alerts import Kind
from hub.domain.errors import Invalid
from hub.domain.ladder import DEFAULT, Rung, Who
from hub.domain.ladders import LadderRule, checked, chosen
from hub.domain.words import LANGUAGES, explain

HERE = ("home-1", "building-1", "grid-1", "all")
KNOWN = {*HERE, "building-2"}
NIGHT = 22 * 60, 6 * 60


def rule(
    name: str = "r", place: str = "all", kind: Kind | None = None, hours: tuple[int, int] = (0, 0), rule_id: str = ""
) -> LadderRule:
    return LadderRule(rule_id or name, name, place, kind, *hours, DEFAULT)


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        ((0, 0), [0, 1, 720, 1439], []),
        ((480, 1080), [480, 1079], [479, 1080, 0]),
        (NIGHT, [1320, 1439, 0, 359], [360, 1319]),
        ((1320, 0), [1320, 1439], [0, 1319]),
    ],
)
def test_hours_run_over_midnight_and_end_before_their_last_minute(
    hours: tuple[int, int], inside: list[int], outside: list[int]
) -> None:
    one = rule(hours=hours)
    assert all(one.holds_at(minute) for minute in inside)
    assert not any(one.holds_at(minute) for minute in outside)


def test_the_narrowest_place_wins_then_the_kind_then_the_hour() -> None:
    everything = [
        rule("everywhere"),
        rule("everywhere-at-night", hours=NIGHT),
        rule("everywhere-service", kind=Kind.SERVICE),
        rule("grid", "grid-1"),
        rule("grid-at-night", "grid-1", hours=NIGHT),
        rule("grid-service", "grid-1", Kind.SERVICE),
        rule("elsewhere", "building-2"),
    ]

    def name(kind: Kind, minute: int, around: tuple[str, ...] = HERE) -> str:
        found = chosen(everything, around, kind, minute)
        return found.name if found else "default"

    assert name(Kind.CALL, 720) == "grid"
    assert name(Kind.CALL, 0) == "grid-at-night"
    assert name(Kind.SERVICE, 0) == "grid-service"
    assert name(Kind.SERVICE, 0, ("all",)) == "everywhere-service"
    assert name(Kind.CALL, 0, ("building-9", "all")) == "everywhere-at-night"
    assert name(Kind.UNREADABLE, 720, ("all",)) == "everywhere"
    assert chosen([], HERE, Kind.CALL, 0) is None


RUNG = DEFAULT[0]


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"name": " "}, "name_missing"),
        ({"name": "x" * 61}, "name_too_long"),
        ({"place": "building-9"}, "unknown_place"),
        ({"from_minute": -1}, "hours_out_of_range"),
        ({"to_minute": 1440}, "hours_out_of_range"),
        ({"rungs": ()}, "rungs_out_of_range"),
        ({"rungs": DEFAULT * 3}, "rungs_out_of_range"),
        ({"rungs": (RUNG, replace(RUNG, who=()))}, "rung_asks_nobody"),
        ({"rungs": (replace(RUNG, channels=()),)}, "rung_has_no_channel"),
        ({"rungs": (replace(RUNG, wait_ms=9_999),)}, "rung_wait_out_of_range"),
        ({"rungs": (replace(RUNG, wait_ms=1_800_001),)}, "rung_wait_out_of_range"),
        ({"rungs": (replace(RUNG, needed=0),)}, "rung_needed_out_of_range"),
        ({"rungs": (replace(RUNG, needed=11),)}, "rung_needed_out_of_range"),
    ],
)
def test_what_no_alert_could_follow_is_refused_with_a_sentence(wrong: dict[str, object], key: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(replace(rule(), **wrong), KNOWN, [])  # type: ignore[arg-type]  # one field at a time
    assert refused.value.key == key
    for language in LANGUAGES:
        assert "{" not in explain(refused.value, language)


def test_two_ladders_of_the_same_place_and_kind_must_not_hold_at_the_same_hour() -> None:
    night = rule("night", hours=NIGHT)
    assert checked(night, KNOWN, [night, rule("all-day"), rule("service", kind=Kind.SERVICE, hours=NIGHT)]) == night
    assert checked(rule("day", hours=(360, 1320)), KNOWN, [night]).name == "day"
    for hours in ((300, 400), (1300, 1330), (1400, 100), (0, 1439), NIGHT):
        with pytest.raises(Invalid, match="ladder_collides"):
            checked(rule("other", hours=hours), KNOWN, [night])
    with pytest.raises(Invalid, match="ladder_collides"):
        checked(rule("other"), KNOWN, [rule("all-day")])


def test_a_rule_is_stored_without_the_blanks_around_its_name() -> None:
    assert checked(rule(" 夜间 "), KNOWN, []).name == "夜间"
    assert checked(replace(rule(), rungs=(Rung((Who.FAMILY,), 10_000),)), KNOWN, []).rungs[0].who == (Who.FAMILY,)
