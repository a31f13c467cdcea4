"""Stored ladders in use: written down, checked, and followed by the next step of every alert."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.alerts import Kind, Purpose
from hub.domain.errors import Changed, Invalid, NotFound
from hub.domain.ladder import DEFAULT, Reach, Rung, Who
from hub.domain.ladders import LadderRule
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Group, Person
from hub.domain.roster import Shift
from hub.domain.wall_clock import MINUTES_A_DAY, minute_of_day
from hub.services.ladders import DEFAULT_ID, Ladders
from hub.services.ports import Tx
from tests.hub.services.press_rig import POLICY, PressRig, press_rig

LEADER_FIRST = LadderRule(
    "leader", "先叫网格长", "grid-1", None, 0, 0, (Rung((Who.GRID_LEADER,), 20_000), Rung((Who.EVERYONE,), 60_000)), 0
)


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


@pytest.fixture
def ladders(rig: PressRig) -> Ladders:
    return Ladders(rig.database, rig.clock, POLICY)


async def asked(rig: PressRig, alert_id: str) -> list[set[str | None]]:
    """Who was asked, rung by rung."""
    notes = [one for one in await rig.notifications(alert_id) if one.purpose is Purpose.ASK]
    return [{one.person_id for one in notes if one.rung == rung} - {None} for rung in range(4)]


async def test_a_stored_ladder_is_followed_by_the_next_press_of_its_place(rig: PressRig, ladders: Ladders) -> None:
    await ladders.save(LEADER_FIRST, "wang")
    alert = await rig.press()
    assert alert.due_ms == rig.clock.now_ms() + 20_000
    await rig.pass_ms(20_000)
    assert (await asked(rig, alert.id))[:2] == [{"chen"}, {"wang", "li", "chen", "sun"}]
    elsewhere = await rig.press("b", device="dev-3")
    assert (await asked(rig, elsewhere.id))[0] == set()


async def test_a_ladder_that_is_changed_meanwhile_holds_from_the_next_step_on(rig: PressRig, ladders: Ladders) -> None:
    alert = await rig.press()
    await rig.pass_ms(45_000)
    await rig.pass_ms(45_000)
    assert (await rig.alert(alert.id)).rung == 2
    await ladders.save(LEADER_FIRST, "wang")
    await rig.pass_ms(60_000)
    now = await rig.alert(alert.id)
    assert (now.rung, now.due_ms) == (1, rig.clock.now_ms() + 60_000)


async def test_a_saved_ladder_is_stored_with_the_gaps_of_the_coming_week(rig: PressRig, ladders: Ladders) -> None:
    helpers = replace(LEADER_FIRST, rungs=(Rung((Who.HELPER,), 20_000),))
    saved, week = await ladders.save(helpers, "wang")
    assert saved.version == 1
    assert [gap.places for gap in week.nobody] == [("building-1", "building-2")]  # the home has a helper
    assert await ladders.get("leader") == (saved, week)
    assert [one.id for one in await ladders.all()] == ["leader", DEFAULT_ID]
    [row] = await rig.read(lambda tx: tx.audit.latest(10))
    assert (row.actor, row.what, row.detail["ladder"]) == ("wang", "ladder_saved", "leader")


async def test_nobody_overwrites_what_he_has_not_seen(ladders: Ladders) -> None:
    first, _ = await ladders.save(LEADER_FIRST, "wang")
    await ladders.save(replace(first, name="新的名字"), "wang")
    for stale in (first, LEADER_FIRST, replace(first, id="another")):
        with pytest.raises((Changed, Invalid)):
            await ladders.save(replace(stale, place="building-1"), "li")
    with pytest.raises(Changed):
        await ladders.remove("leader", 1, "li")
    await ladders.remove("leader", 2, "wang")
    with pytest.raises(NotFound):
        await ladders.get("leader")


async def test_the_default_ladder_can_be_looked_at_and_not_changed(ladders: Ladders) -> None:
    rule, _ = await ladders.get(DEFAULT_ID)
    assert rule.rungs == DEFAULT
    with pytest.raises(Changed):
        await ladders.save(rule, "wang")
    with pytest.raises(NotFound):
        await ladders.remove(DEFAULT_ID, 1, "wang")


async def test_who_would_be_called_is_who_is_called(rig: PressRig, ladders: Ladders) -> None:
    plan = await ladders.who_at_home("home-1-101", Kind.CALL, rig.clock.now_ms())
    alert = await rig.press()
    for wait_ms in (45_000, 45_000, 60_000):
        await rig.pass_ms(wait_ms)
    assert [{one.person_id for one in rung.called} for rung in plan.rungs] == await asked(rig, alert.id)
    assert [rung.after_ms for rung in plan.rungs] == [0, 45_000, 90_000, 150_000]
    assert [(one.name, one.who) for one in plan.rungs[0].called] == [("李强", Who.HELPER), ("王芳", Who.BUILDING_HEAD)]
    assert plan.rule is None


async def test_a_rung_that_reaches_nobody_takes_no_time(ladders: Ladders, rig: PressRig) -> None:
    plan = await ladders.who_at_place("building-3", Kind.CALL, rig.clock.now_ms())
    assert [(rung.after_ms, rung.reach) for rung in plan.rungs][:2] == [(0, Reach.NOBODY), (0, Reach.ENOUGH)]
    with pytest.raises(Invalid, match="unknown_place"):
        await ladders.who_at_place("nowhere", Kind.CALL, rig.clock.now_ms())
    with pytest.raises(NotFound):
        await ladders.who_at_home("nowhere", Kind.CALL, rig.clock.now_ms())


async def test_whoever_is_only_on_the_ladder_of_the_next_hours_is_asked_after_the_change(
    rig: PressRig, ladders: Ladders
) -> None:
    minute = minute_of_day(rig.clock.now_ms(), "Asia/Shanghai")
    since, until = (minute - 60) % MINUTES_A_DAY, minute + 1
    day = (Rung((Who.HELPER, Who.BUILDING_HEAD), 60_000), Rung((Who.GRID_LEADER,), 60_000))
    night = (Rung((Who.ON_SHIFT,), 60_000), Rung((Who.BUILDING_HEAD,), 60_000))
    await ladders.save(LadderRule("day", "白天", "all", None, since, until, day, 0), "wang")
    await ladders.save(LadderRule("night", "夜里", "all", None, until, since, night, 0), "wang")
    alert = await rig.press()
    before = len(await rig.notifications(alert.id))
    await rig.pass_ms(60_000)
    assert {one.person_id for one in (await rig.notifications(alert.id))[before:]} == {"sun", "wang"}


async def test_a_rung_that_is_put_in_front_of_one_that_was_asked_is_asked_with_the_next_once(
    rig: PressRig, ladders: Ladders
) -> None:
    helper, head = Rung((Who.HELPER,), 60_000), Rung((Who.BUILDING_HEAD,), 60_000)
    await ladders.save(LadderRule("one", "一", "all", None, 0, 0, (helper,), 0), "wang")
    alert = await rig.press()
    assert (await asked(rig, alert.id))[0] == {"li"}
    await ladders.save(LadderRule("one", "一", "all", None, 0, 0, (head, helper), 1), "wang")
    for _ in range(3):
        await rig.pass_ms(60_000)
    requests = [one for one in await rig.notifications(alert.id) if one.purpose is Purpose.ASK and one.person_id]
    asked_by_page = [one.person_id for one in requests if one.channel is ChannelName.PAGE]
    assert sorted(filter(None, asked_by_page)) == ["li", "li", "li", "li", "wang"]


async def test_whoever_was_thanked_before_the_request_was_sent_is_asked_when_nobody_comes(rig: PressRig) -> None:
    rig.channels[ChannelName.PAGE].open_gate.clear()
    alert = await rig.press()
    notes = [one for one in await rig.notifications(alert.id) if one.person_id == "wang"]
    await rig.desk.accept(alert.id, "li", 4)
    await rig.database.write(lambda tx: tx.notifications.save([replace(one, state="dropped") for one in notes]))
    await rig.desk.withdraw(alert.id, "li")
    before = len(await rig.notifications(alert.id))
    await rig.pass_ms(1)
    assert {one.person_id for one in (await rig.notifications(alert.id))[before:]} == {"wang", "li", "chen"}


async def test_members_of_a_mutual_aid_group_are_asked_with_the_helpers_of_the_home(rig: PressRig) -> None:
    await rig.database.write(
        lambda tx: tx.people.add_groups([Group("g", "三楼互助组", ("chen", "sun"), ("home-1-101",))])
    )
    alert = await rig.press()
    assert (await asked(rig, alert.id))[0] == {"wang", "li", "chen", "sun"}


async def test_the_family_is_told_and_not_asked(rig: PressRig) -> None:
    daughter = Person("daughter", "李梅", contacts=(Contact(ChannelName.NTFY, "topic"),))
    await rig.database.write(lambda tx: tx.people.add_people([daughter]))
    await rig.database.write(lambda tx: tx.people.add_assignments([Assignment("daughter", "home-1-101", Duty.FAMILY)]))
    alert = await rig.press()
    for _ in range(12):
        await rig.pass_ms(15_000)
    await rig.desk.accept(alert.id, "wang", 4)
    told = [one.purpose for one in await rig.notifications(alert.id) if one.person_id == "daughter"]
    assert told == [Purpose.FAMILY_WAITS, Purpose.FAMILY_ACCEPTED]


async def test_of_a_grids_volunteers_the_nearest_is_named_first(rig: PressRig, ladders: Ladders) -> None:
    """Building 1 stands at (10, 20), 2 at (30, 20), 3 at (50, 20)."""
    homes = {"far": "building-3", "unknown": "", "near": "building-1-unit-1"}
    people = [Person(one, one, contacts=(Contact(ChannelName.PAGE),), place=place) for one, place in homes.items()]
    people.append(Person("head", "head", contacts=(Contact(ChannelName.PAGE),)))

    def add(tx: Tx) -> None:
        tx.people.add_people(people)
        duties = [Assignment(one.id, "grid-1", Duty.VOLUNTEER) for one in people]
        tx.people.add_assignments([*duties, Assignment("head", "building-2", Duty.BUILDING_HEAD)])
        tx.rota.add_shifts([Shift(one.id, "grid-1", day, 0, 0) for one in people for day in range(7)])

    await rig.database.write(add)
    plan = await ladders.who_at_place("building-1", Kind.CALL, rig.clock.now_ms())
    volunteers = [one.person_id for one in plan.rungs[1].called if one.who is Who.VOLUNTEER]
    assert volunteers == ["near", "head", "far", "unknown"]
