"""A way that fails is followed by the person's next, at once; the ladder and thanks go by the same rule."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.alerts import Alert, Kind, Purpose
from hub.domain.ladder import DEFAULT, Reach, Rung, Who
from hub.domain.ladders import LadderRule
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person, Resident
from hub.domain.roster import Absence
from hub.services.calling import Calling
from hub.services.ladders import DEFAULT_ID, Ladders
from hub.services.notify import record_outcomes
from hub.services.ports import ChannelFailed, Notification, Tx
from hub.services.reaching import Reaching
from hub.services.recording import Recording
from tests.hub.services.press_rig import POLICY, PressRig, press_rig
from tests.world.waiting import wait_until

PAGE, WECOM, SMS, NTFY = ChannelName.PAGE, ChannelName.WECOM_APP, ChannelName.SMS, ChannelName.NTFY
PUSH, APPRISE = ChannelName.WEB_PUSH, ChannelName.APPRISE
ZHOU = Person(
    "zhou",
    "周明",
    contacts=(Contact(PAGE), Contact(WECOM, "ZhouMing"), Contact(SMS, "13800000009"), Contact(PUSH, "{}")),
)
NOWHERE = ChannelFailed("HTTP 404", is_final=True)
BUSY = ChannelFailed("HTTP 503")


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    """Zhou Ming alone answers for building 3."""
    async with press_rig(tmp_path) as made:

        def add(tx: Tx) -> None:
            tx.people.add_people([ZHOU])
            tx.people.add_assignments([Assignment("zhou", "building-3", Duty.BUILDING_HEAD)])

        await made.database.write(add)
        yield made


async def press(rig: PressRig) -> Alert:
    return await rig.press("hall", device="dev-3")


async def quiet(rig: PressRig) -> None:
    await wait_until(lambda: not rig.dispatcher._in_hand, "all outcomes stored")


async def sent_to_zhou(rig: PressRig, alert: Alert, purpose: Purpose = Purpose.ASK) -> list[Notification]:
    notes = await rig.notifications(alert.id)
    return [one for one in notes if one.person_id == "zhou" and one.purpose is purpose]


async def ways(rig: PressRig, alert: Alert, purpose: Purpose = Purpose.ASK) -> list[ChannelName]:
    return [one.channel for one in await sent_to_zhou(rig, alert, purpose)]


async def test_a_person_is_asked_by_their_first_way_the_page_and_the_phone_and_no_more(rig: PressRig) -> None:
    alert = await press(rig)
    await quiet(rig)
    assert set(await ways(rig, alert)) == {PAGE, WECOM, PUSH}
    assert rig.channels[SMS].begun == []


async def test_a_way_that_fails_for_good_is_followed_by_the_next_at_once(rig: PressRig) -> None:
    rig.channels[WECOM].error = NOWHERE
    alert = await press(rig)
    await rig.channels[SMS].wait_sent(1)  # no time has passed
    await quiet(rig)
    assert Counter(await ways(rig, alert)) == Counter([PAGE, WECOM, PUSH, SMS])
    assert (await rig.alert(alert.id)).rung == 0


async def test_a_way_that_fails_twice_is_followed_by_the_next_and_still_tried_again(rig: PressRig) -> None:
    rig.channels[WECOM].error = BUSY
    alert = await press(rig)
    await quiet(rig)
    assert rig.channels[SMS].begun == []
    await rig.pass_ms(500)
    await rig.channels[SMS].wait_sent(1)
    await quiet(rig)
    for _ in range(4):
        await rig.pass_ms(15_000)
        await quiet(rig)
    assert len([one for one in await sent_to_zhou(rig, alert) if one.channel is SMS and one.rung == 0]) == 1
    assert len(rig.channels[WECOM].begun) > 3


async def test_the_rung_is_left_only_when_the_last_way_has_failed(rig: PressRig) -> None:
    for channel in rig.channels.values():
        channel.error = NOWHERE
    alert = await press(rig)
    await quiet(rig)
    tried = [one for one in await sent_to_zhou(rig, alert) if one.rung == 0]
    assert Counter(one.channel for one in tried) == Counter([PAGE, WECOM, PUSH, SMS])
    journal = await rig.journal(alert.id)
    assert journal.count("rung_failed") == 1


async def test_both_ways_that_fail_in_one_batch_bring_one_next(rig: PressRig) -> None:
    for name in (PAGE, PUSH, WECOM):
        rig.channels[name].open_gate.clear()
    alert = await press(rig)
    await rig.channels[WECOM].wait_begun(1)
    failed = [replace(one, state="failed", attempts=1) for one in await sent_to_zhou(rig, alert)]
    committed = await rig.database.write(lambda tx: record_outcomes(tx, failed, POLICY, rig.clock.now_ms()))
    assert [one.notification.channel for one in committed.outgoing] == [SMS]
    again = await rig.database.write(lambda tx: record_outcomes(tx, failed, POLICY, rig.clock.now_ms()))
    assert again.outgoing == ()  # the same outcome told twice asks nobody twice
    for channel in rig.channels.values():
        channel.open_gate.set()


async def test_after_an_acceptance_nobody_is_asked_by_a_next_way(rig: PressRig) -> None:
    rig.channels[WECOM].open_gate.clear()
    alert = await press(rig)
    await rig.channels[WECOM].wait_begun(1)
    await rig.desk.accept(alert.id, "wang", 4)
    rig.channels[WECOM].error = NOWHERE
    rig.channels[WECOM].open_gate.set()
    await quiet(rig)
    assert SMS not in await ways(rig, alert)


async def test_thanks_go_by_the_next_way_too_when_the_first_fails(rig: PressRig) -> None:
    alert = await press(rig)
    await quiet(rig)
    rig.channels[WECOM].error = NOWHERE
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.channels[SMS].wait_sent(1)
    await quiet(rig)
    assert SMS in await ways(rig, alert, Purpose.THANKS)
    [(notification, message)] = rig.channels[SMS].sent
    assert (notification.about_person_id, message.text) == ("wang", "王芳已前往3栋，谢谢您。")


async def test_whoever_the_second_way_has_reached_is_thanked_by_it_at_once(rig: PressRig) -> None:
    rig.channels[WECOM].error = NOWHERE
    alert = await press(rig)
    await rig.channels[SMS].wait_sent(1)
    await quiet(rig)
    rig.channels[WECOM].error = None
    rig.channels[WECOM].open_gate.clear()  # it hangs now
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.channels[SMS].wait_sent(2)
    await quiet(rig)
    assert set(await ways(rig, alert, Purpose.THANKS)) == {PAGE, PUSH, SMS}


async def test_a_repeat_of_the_last_rung_begins_with_the_first_way_again(rig: PressRig) -> None:
    rig.channels[WECOM].error = NOWHERE
    alert = await press(rig)
    await quiet(rig)
    for _ in range(30):
        await rig.pass_ms(15_000)
        await quiet(rig)
    last = len(DEFAULT) - 1
    rounds = [one.channel for one in await sent_to_zhou(rig, alert) if one.rung == last]
    assert rounds.count(WECOM) >= 2
    assert rounds.count(SMS) == rounds.count(WECOM)


async def test_a_rung_with_channels_of_its_own_uses_no_other(rig: PressRig) -> None:
    narrow = replace(POLICY, ladder=(replace(DEFAULT[0], channels=(SMS, PAGE)), *DEFAULT[1:]))
    alert = await press(rig)
    await quiet(rig)

    def job(tx: Tx) -> list[ChannelName]:
        recording = Recording(tx, narrow, rig.clock.now_ms())
        return [one.channel for one in recording.ways(alert, ZHOU, 0)]

    assert await rig.read(job) == [PAGE, SMS]
    failed = [replace(one, state="failed") for one in await sent_to_zhou(rig, alert) if one.channel is WECOM]
    only_page = replace(narrow, ladder=(replace(DEFAULT[0], channels=(PAGE,)), *DEFAULT[1:]))
    committed = await rig.database.write(lambda tx: record_outcomes(tx, failed, only_page, rig.clock.now_ms()))
    assert committed.outgoing == ()


# --- rungs that are asked together ---------------------------------------------------------------------


async def save(rig: PressRig, *rungs: Rung) -> None:
    """This is the ladder now; its last rung asks everyone."""
    ladder = (*rungs, Rung((Who.EVERYONE,), 60_000))
    await Ladders(rig.database, rig.clock, POLICY).save(LadderRule("x", "x", "all", None, 0, 0, ladder, 0), "staff")


async def add(rig: PressRig, person_id: str, *duties: Duty) -> None:
    """Somebody of building 3 who has ntfy and a telephone."""
    contacts = (Contact(NTFY, person_id), Contact(SMS, "13900000000"))

    def job(tx: Tx) -> None:
        tx.people.add_people([Person(person_id, person_id, contacts=contacts)])
        tx.people.add_assignments([Assignment(person_id, "building-3", duty) for duty in duties])

    await rig.database.write(job)


BOTH = Rung((Who.BUILDING_HEAD, Who.FLOOR_HEAD), 30_000, (WECOM, NTFY, SMS), needed=3)


@pytest.mark.parametrize("duties", [[Duty.FLOOR_HEAD], [Duty.FLOOR_HEAD, Duty.HELPER]])
async def test_whoever_a_rung_asks_together_with_a_narrower_one_is_reached_by_all_the_ways_of_theirs(
    rig: PressRig, duties: list[Duty]
) -> None:
    await add(rig, "yu", *duties)
    await add(rig, "he", Duty.HELPER)
    await save(rig, BOTH, Rung((Who.HELPER,), 30_000, (NTFY,)))
    rig.channels[NTFY].error = NOWHERE
    alert = await press(rig)
    await quiet(rig)
    notes = [one for one in await rig.notifications(alert.id) if one.created_ms == alert.opened_ms]
    assert Counter((one.person_id, one.channel) for one in notes if one.person_id in ("yu", "he")) == Counter(
        [("yu", NTFY), ("yu", SMS), ("he", NTFY)]
    )


async def test_people_are_asked_in_their_own_order_also_where_an_earlier_rung_has_only_a_later_way(
    rig: PressRig,
) -> None:
    await add(rig, "yu", Duty.FLOOR_HEAD, Duty.HELPER)
    await save(rig, replace(BOTH, channels=(WECOM, SMS)), Rung((Who.HELPER,), 30_000, (NTFY,)))
    alert = await press(rig)
    assert {one.channel for one in await rig.notifications(alert.id) if one.person_id == "yu"} == {NTFY}


async def test_a_way_is_left_to_somebody_whose_shift_has_ended_since_they_were_asked(rig: PressRig) -> None:
    await add(rig, "yu", Duty.FLOOR_HEAD)
    alert = await press(rig)
    await quiet(rig)
    now_ms = rig.clock.now_ms()
    await rig.database.write(lambda tx: tx.rota.put([Absence("x", "yu", now_ms, now_ms + 60_000)], now_ms))
    failed = [replace(one, state="failed") for one in await rig.notifications(alert.id) if one.person_id == "yu"]
    committed = await rig.database.write(lambda tx: record_outcomes(tx, failed, POLICY, now_ms))
    assert [one.notification.channel for one in committed.outgoing] == [SMS]


async def test_a_rung_that_failed_is_left_although_people_who_are_away_took_their_messages(rig: PressRig) -> None:
    await add(rig, "he", Duty.HELPER)
    await save(rig, Rung((Who.BUILDING_HEAD,), 30_000), Rung((Who.HELPER,), 30_000))
    reaching = Reaching(rig.database, rig.clock, rig.news, rig.desk, ChannelName, {})
    await reaching.say("zhou", "zhou", is_here=False)
    for name in (NTFY, SMS):
        rig.channels[name].error = NOWHERE
    alert = await press(rig)
    assert alert.rung == 1
    await quiet(rig)
    assert "rung_failed" in await rig.journal(alert.id)


async def test_a_decline_on_one_of_two_rungs_asked_together_waits_for_the_others_of_both(rig: PressRig) -> None:
    await add(rig, "yu", Duty.FLOOR_HEAD)
    await add(rig, "he", Duty.HELPER)
    await save(rig, BOTH, Rung((Who.HELPER,), 30_000, needed=2), Rung((Who.DESK,), 60_000))
    await rig.database.write(lambda tx: tx.people.add_assignments([Assignment("sun", "building-3", Duty.HELPER)]))
    alert = await press(rig)
    assert (alert.rung, alert.needed) == (1, 3)
    assert (await rig.desk.decline(alert.id, "he")).due_ms == alert.due_ms
    assert (await rig.desk.decline(alert.id, "yu")).due_ms == rig.clock.now_ms()


# --- ways that this hub does not have ------------------------------------------------------------------


async def test_a_way_that_is_not_configured_is_passed_over(rig: PressRig) -> None:
    def job(tx: Tx) -> tuple[Contact, ...]:
        calling = Calling(tx, rig.clock.now_ms(), channels=frozenset({PAGE, SMS}))
        return calling.people(["zhou"])["zhou"].contacts

    assert [one.channel for one in await rig.read(job)] == [PAGE, SMS]


@pytest.mark.parametrize(("channels", "asked"), [({NTFY}, []), ({NTFY, SMS}, ["zhou"]), (None, ["zhou"])])
async def test_whoever_has_only_ways_that_are_not_configured_makes_no_rung_full(
    rig: PressRig, channels: set[ChannelName] | None, asked: list[str]
) -> None:
    def job(tx: Tx) -> list[str]:
        calling = Calling(tx, rig.clock.now_ms(), channels=channels)
        return list(calling.asked(DEFAULT[0], calling.around("building-3", None)))

    assert await rig.read(job) == asked


@pytest.mark.parametrize(("channels", "reach"), [({NTFY}, Reach.NOBODY), ({SMS}, Reach.ENOUGH)])
async def test_who_would_be_called_is_answered_by_the_ways_that_the_hub_has(
    rig: PressRig, channels: set[ChannelName], reach: Reach
) -> None:
    ladders = Ladders(rig.database, rig.clock, replace(POLICY, channels=frozenset(channels)))
    plan = await ladders.who_at_place("building-3", Kind.CALL, rig.clock.now_ms())
    assert plan.rungs[0].reach is reach
    _, week = await ladders.get(DEFAULT_ID)
    somewhere = {place for gap in week.rungs[0] for place in gap.places if gap.is_nobody}
    assert ("building-3" in somewhere) is (reach is Reach.NOBODY)


async def test_no_message_on_any_way_says_who_lives_there_or_what_ails_them(rig: PressRig) -> None:
    """Locked screens are public."""
    resident = Resident("r", "home-1-101", "刘桂芳", 1941, "心脏不好；钥匙在对门")

    def add(tx: Tx) -> None:
        tx.residents.add_residents([resident])
        tx.people.add_assignments([Assignment("zhou", "building-1", Duty.BUILDING_HEAD)])

    await rig.database.write(add)
    rig.channels[WECOM].error = NOWHERE
    alert = await rig.press()
    await rig.press(gesture="cancel")
    await rig.desk.accept(alert.id, "zhou", 4)
    await rig.press()
    await rig.desk.withdraw(alert.id, "zhou")
    await rig.channels[SMS].wait_sent(1)
    await quiet(rig)
    sent = [one for channel in rig.channels.values() for one in channel.sent]
    assert len({notification.purpose for notification, _ in sent}) >= 4
    for _, message in sent:
        said = f"{message.title} {message.text} {message.body}"
        assert message.title == "1栋101室"
        assert not any(private in said for private in ("刘桂芳", "1941", "心脏", "钥匙"))
