"""In which order somebody is reached."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.contacting import ADDRESSES, BESIDE, MOST_CONTACTS, checked, first_ways, next_way, served
from hub.domain.errors import Invalid
from hub.domain.people import ChannelName, Contact, Person

PAGE, PUSH = Contact(ChannelName.PAGE), Contact(ChannelName.WEB_PUSH, "{}")
WECOM, SMS = Contact(ChannelName.WECOM_APP, "WangFang"), Contact(ChannelName.SMS, "13800000001")
OTHER_SMS = Contact(ChannelName.SMS, "13800000002")
contacts = st.lists(st.builds(Contact, st.sampled_from(list(ChannelName)), st.sampled_from(["a", "b"])), unique=True)


def test_the_first_way_and_the_open_page_are_used_at_once() -> None:
    assert first_ways([WECOM, SMS, PAGE]) == [WECOM, PAGE]
    assert first_ways([PAGE, PUSH, SMS, WECOM]) == [PAGE, PUSH, SMS]
    assert first_ways([PAGE]) == [PAGE]
    assert first_ways([]) == []


def test_a_way_that_worked_before_comes_first() -> None:
    assert first_ways([PAGE, WECOM, SMS], worked=[SMS]) == [PAGE, SMS]
    assert first_ways([PAGE, WECOM, SMS], worked=[SMS, WECOM]) == [PAGE, WECOM]
    assert first_ways([PAGE, WECOM, SMS], worked=[PAGE]) == [PAGE, WECOM]
    assert first_ways([WECOM], worked=[SMS]) == [WECOM]


def test_the_next_is_used_when_the_one_before_has_failed_and_not_earlier() -> None:
    ways = [PAGE, WECOM, SMS, OTHER_SMS]
    assert next_way(ways, {PAGE, WECOM}, set()) is None
    assert next_way(ways, {PAGE, WECOM}, {PAGE}) is None
    assert next_way(ways, {PAGE, WECOM}, {WECOM}) == SMS
    assert next_way(ways, {PAGE, WECOM, SMS}, {WECOM}) is None
    assert next_way(ways, {PAGE, WECOM, SMS}, {WECOM, SMS}) == OTHER_SMS
    assert next_way(ways, set(ways), set(ways)) is None


def test_a_page_that_is_closed_takes_nothing_from_the_first_way() -> None:
    assert next_way([PAGE, PUSH, SMS], {PAGE, PUSH, SMS}, {PAGE, PUSH}) is None


def test_a_contact_that_was_dropped_meanwhile_is_not_waited_for() -> None:
    assert next_way([SMS], {WECOM}, set()) == SMS


@given(contacts)
def test_at_once_go_all_ways_beside_and_one_of_the_others_in_the_persons_order(ways: list[Contact]) -> None:
    first = first_ways(ways)
    assert first == [one for one in ways if one in first]
    assert {one for one in first if one.channel in BESIDE} == {one for one in ways if one.channel in BESIDE}
    others = [one for one in ways if one.channel not in BESIDE]
    assert [one for one in first if one.channel not in BESIDE] == others[:1]


@given(contacts)
def test_failure_upon_failure_uses_every_way_once_in_order_and_then_ends(ways: list[Contact]) -> None:
    tried = list(first_ways(ways))
    while (one := next_way(ways, tried, tried)) is not None:
        assert one not in tried
        tried.append(one)
    assert sorted(tried, key=ways.index) == ways
    ordered = [one for one in tried if one.channel not in BESIDE]
    assert ordered == [one for one in ways if one.channel not in BESIDE]


@given(contacts, st.data())
def test_nothing_more_is_used_while_a_way_that_was_tried_may_still_arrive(
    ways: list[Contact], data: st.DataObject
) -> None:
    ordered = [one for one in ways if one.channel not in BESIDE]
    tried = data.draw(st.lists(st.sampled_from(ordered), unique=True)) if ordered else []
    failed = data.draw(st.lists(st.sampled_from(tried), unique=True)) if tried else []
    if set(tried) - set(failed):
        assert next_way(ways, tried, failed) is None


# --- what staff write ----------------------------------------------------------------------------------

GOOD = {
    ChannelName.WEBHOOK: "https://gateway.example/x?y=1",
    ChannelName.NTFY: "wang_fang-7",
    ChannelName.PAGE: "",
    ChannelName.WECOM_APP: "WangFang",
    ChannelName.WECOM_ROBOT: "13800000001",
    ChannelName.DINGTALK: "",
    ChannelName.FEISHU: "ou_18eac8",
    ChannelName.SMS: "+8613800000001",
    ChannelName.APPRISE: "mail:wang@example.org",
}


def test_every_way_but_the_browsers_own_can_be_written_and_the_order_is_kept() -> None:
    assert set(ADDRESSES) == set(ChannelName) - {ChannelName.WEB_PUSH}
    written = tuple(Contact(channel, address) for channel, address in GOOD.items())
    assert checked(written) == written
    assert checked([*written, written[0]]) == written


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (ChannelName.SMS, ""),
        (ChannelName.SMS, "１３８００００００００"),
        (ChannelName.SMS, "13800000001,13800000002"),
        (ChannelName.NTFY, "a/b"),
        (ChannelName.NTFY, ""),
        (ChannelName.PAGE, "x"),
        (ChannelName.WECOM_APP, "a|b"),
        (ChannelName.WECOM_APP, "@all x"),
        (ChannelName.FEISHU, '"><at'),
        (ChannelName.WEBHOOK, "ftp://x"),
        (ChannelName.APPRISE, "wang@example.org"),
        (ChannelName.WEB_PUSH, "{}"),
    ],
)
def test_what_cannot_be_an_address_is_refused_with_a_sentence(channel: ChannelName, address: str) -> None:
    with pytest.raises(Invalid):
        checked([Contact(channel, address)])


def test_more_ways_than_anybody_needs_are_refused() -> None:
    with pytest.raises(Invalid):
        checked([Contact(ChannelName.SMS, f"1380000000{n}") for n in range(MOST_CONTACTS + 1)])


def test_of_ways_that_a_hub_does_not_have_nothing_is_left() -> None:
    person = Person("p", "周明", contacts=(PAGE, WECOM, SMS))
    assert served(person, None) is person
    assert served(person, {ChannelName.PAGE, ChannelName.SMS}).contacts == (PAGE, SMS)
    assert served(person, set()).contacts == ()
