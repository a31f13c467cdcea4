"""What may be announced, and how far it came."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.announcements import (
    ENDS,
    GAP_MS,
    MAX_AHEAD_MS,
    MAX_CHARACTERS,
    MAX_REPEAT,
    PAST_TOLERANCE_MS,
    PRIORITY,
    Evidence,
    Kind,
    Progress,
    Reached,
    Status,
    checked,
    further,
    total_ms,
)
from hub.domain.errors import Invalid

NOW = 1_764_561_600_000


def key_of(text: str = "停水", kind: str = "notice", repeat: int = 1, play_at_ms: int | None = None) -> str:
    with pytest.raises(Invalid) as caught:
        checked(text, ["all"], kind, repeat, play_at_ms, NOW)
    return caught.value.key


@pytest.mark.parametrize(
    "text",
    [
        "今天下午3:00-5:00停水，请提前储水。",
        "气温38℃，100㎡，20%，¥50，№3，3×4=12，25°",
        "第一行\n第二行\t表格\r\n",
        "Power cut from 9 to 11 a.m. – sorry!",
        "𠮷野家、㐂、〇",
        "é e\u0301",
        "１２３４　全角",
        "“引号”《书名》【注意】①②③",
    ],
)
def test_what_people_write_in_notices_can_be_announced(text: str) -> None:
    assert checked(text, ["all"], "notice", 1, None, NOW).text == text.strip()


@pytest.mark.parametrize(
    "text", ["😀", "停水🚰", "☎ 110", "➡ 3栋", "👨\u200d👩", "❤\ufe0f", "🇨🇳", "1\ufe0f\u20e3", "👍🏽"]
)
def test_pictures_cannot_be_spoken(text: str) -> None:
    assert key_of(f"通知{text}") == "unspeakable_character"


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x7f", "\x85", "\u202e", "\u2066", "\ud800", "\ue000", "\uffff"]
)
def test_what_nobody_sees_does_not_belong_in_a_notice(character: str) -> None:
    assert key_of(f"停{character}水") == "control_character"


def test_what_is_copied_along_from_a_web_page_is_dropped() -> None:
    text = "\ufeff请到30\u200b2室\u00ad\u200e \u2060"
    assert checked(text, ["all"], "notice", 1, None, NOW).text == "请到302室"


REASONS = {"empty_text", "control_character", "unspeakable_character", "nothing_to_say"}


@given(st.text(max_size=50))
def test_any_text_is_taken_or_refused_by_name_and_taken_again_as_it_was(text: str) -> None:
    refused: str | None = None
    try:
        taken = checked(text, ["all"], "notice", 1, None, NOW).text
    except Invalid as error:
        refused = error.key
    else:
        assert any(character.isalnum() for character in taken)
        assert checked(taken, ["all"], "notice", 1, None, NOW).text == taken
    assert refused in {None, *REASONS}


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000"])
def test_an_empty_text_is_refused(text: str) -> None:
    assert key_of(text) == "empty_text"


def test_marks_alone_say_nothing() -> None:
    assert key_of("，。！？——……") == "nothing_to_say"


def test_the_longest_text_is_taken_and_one_more_character_is_not() -> None:
    assert checked("水" * MAX_CHARACTERS, ["all"], "notice", 1, None, NOW)
    assert key_of("水" * (MAX_CHARACTERS + 1)) == "text_too_long"


def test_places_are_kept_in_order_and_once() -> None:
    assert checked("停水", ["b", "a", "b"], "notice", 1, None, NOW).places == ("b", "a")


@pytest.mark.parametrize("repeat", [0, -1, MAX_REPEAT + 1])
def test_rounds_have_their_limits(repeat: int) -> None:
    assert key_of(repeat=repeat) == "repeat_out_of_range"


@pytest.mark.parametrize("kind", ["", "RED", "Kind.RED", "alarm"])
def test_only_the_six_kinds_exist(kind: str) -> None:
    assert key_of(kind=kind) == "unknown_kind"


def test_an_instant_may_be_a_little_past_and_a_year_ahead() -> None:
    for instant in (NOW - PAST_TOLERANCE_MS, NOW + MAX_AHEAD_MS):
        assert checked("停水", ["all"], "notice", 1, instant, NOW).play_at_ms == instant
    assert key_of(play_at_ms=NOW - PAST_TOLERANCE_MS - 1) == "time_in_the_past"
    assert key_of(play_at_ms=NOW + MAX_AHEAD_MS + 1) == "time_too_far"


def test_priorities_rise_with_the_kinds_and_only_orange_and_red_break_quiet_hours() -> None:
    priorities = [PRIORITY[kind] for kind in Kind]
    assert priorities == sorted(set(priorities))
    assert [kind for kind in Kind if PRIORITY[kind] >= 224] == [Kind.ORANGE, Kind.RED]


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_not_meant_keeps_its_kind_and_never_comes_before_what_is(kind: Kind, status: Status) -> None:
    wanted = checked("着火了", ["all"], kind.value, 1, None, NOW, status.value)
    assert (wanted.kind, wanted.status, wanted.chime) == (kind, status, Kind.ROUTINE)
    assert wanted.priority <= min(PRIORITY.values())


def test_what_is_meant_has_the_priority_and_the_chime_of_its_kind() -> None:
    wanted = checked("着火了", ["all"], "red", 1, None, NOW)
    assert (wanted.priority, wanted.chime) == (250, Kind.RED)


@pytest.mark.parametrize("status", ["", "Exercise", "drill", "ACTUAL"])
def test_a_status_that_nobody_knows_is_refused_and_not_taken_for_real(status: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked("停水", ["all"], "red", 1, None, NOW, status)
    assert caught.value.key == "unknown_status"


def test_the_whole_length_counts_the_pauses_between_the_rounds() -> None:
    assert total_ms(4_000, 1) == 4_000
    assert total_ms(4_000, 3) == 12_000 + 2 * GAP_MS


def test_every_pair_of_states_comes_to_the_later_one_unless_an_end_was_reported_and_is_final() -> None:
    order = list(Reached)
    for known, new in itertools.product(Reached, Reached):
        expected = known if known in ENDS else max(known, new, key=order.index)
        if (known, new) == (Reached.INTERRUPTED, Reached.PLAYED):
            expected = Reached.PLAYED  # it was played again from its start
        assert further(known, new) is expected, (known, new)


WHOLE_WAY = [Reached.RECEIVED, Reached.VERIFIED, Reached.READY, Reached.PLAYING, Reached.INTERRUPTED, Reached.PLAYED]


@given(st.permutations(WHOLE_WAY * 2))
def test_receipts_in_any_order_come_to_the_same_end(states: list[Reached]) -> None:
    reached = Reached.SENT
    for state in states:
        reached = further(reached, state)
    assert reached is Reached.PLAYED


def test_every_state_is_sent_on_the_way_or_an_end() -> None:
    on_the_way = {Reached.RECEIVED, Reached.VERIFIED, Reached.READY, Reached.PLAYING}
    assert {Reached.SENT, *on_the_way, *ENDS} == set(Reached)
    assert not on_the_way & set(ENDS)


def part(reached: Reached, is_heard: bool | None = None) -> Progress:
    evidence = None if is_heard is None else Evidence(is_heard, 0.5, 1, -20)
    return Progress("dev", "place", reached, {}, evidence=evidence)


def test_heard_needs_both_the_playing_and_the_microphone() -> None:
    assert part(Reached.PLAYED, True).is_heard
    assert not part(Reached.PLAYED, False).is_heard
    assert not part(Reached.PLAYED).is_heard
    assert not part(Reached.INTERRUPTED, True).is_heard
