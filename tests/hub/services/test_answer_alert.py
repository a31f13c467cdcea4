"""What people do with an alert, on a real database: repeats, races, and what follows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.alerts import Purpose, State
from hub.domain.errors import Invalid, NotFound, StepNotAllowed
from hub.domain.ladder import Rung, Who
from hub.domain.ladders import LadderRule
from hub.services.ladders import Ladders
from tests.hub.services.press_rig import POLICY, RUNG_0, PressRig, press_rig
from tests.world.waiting import wait_until


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


async def test_an_acceptance_thanks_everybody_who_was_asked_but_the_acceptor(rig: PressRig) -> None:
    alert = await rig.press()
    await wait_until(lambda: rig.dispatcher._in_hand == set(), "all sent")
    after = await rig.desk.accept(alert.id, "wang", 4)
    assert (after.state, after.acceptor_id) == (State.ACCEPTED, "wang")
    thanked = [one for one in await rig.notifications(alert.id) if one.purpose is Purpose.THANKS]
    assert {one.person_id for one in thanked} == RUNG_0 - {"wang"}
    assert {one.about_person_id for one in thanked} == {"wang"}


async def test_every_step_done_again_by_the_same_person_succeeds_and_changes_nothing(rig: PressRig) -> None:
    alert = await rig.press()

    async def twice(step: str, *arguments: object) -> None:
        first = await getattr(rig.desk, step)(alert.id, *arguments)
        journal = await rig.journal(alert.id)
        again = await getattr(rig.desk, step)(alert.id, *arguments)
        assert again == first
        assert await rig.journal(alert.id) == journal

    await twice("decline", "li")
    await twice("accept", "wang", 4)
    await twice("accept", "li", 6)
    await twice("withdraw", "wang")
    await twice("accept", "li", 5)
    await twice("arrive", "li")
    await twice("reopen", "wang")
    await twice("accept", "chen", 5)
    await twice("close", "chen", "好了", "conversation")


async def test_a_step_that_was_overtaken_by_another_is_refused_although_it_was_taken_once(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.desk.withdraw(alert.id, "wang")
    await rig.desk.accept(alert.id, "li", 4)
    with pytest.raises(Invalid):
        await rig.desk.withdraw(alert.id, "wang")
    await rig.desk.close(alert.id, "li", "好了", "door")
    with pytest.raises(StepNotAllowed):
        await rig.desk.close(alert.id, "wang", "好了", "door")


async def test_a_backup_who_withdraws_joins_and_withdraws_again_is_missing_each_time(rig: PressRig) -> None:
    two = (Rung((Who.HELPER, Who.BUILDING_HEAD), 20_000, needed=2), Rung((Who.EVERYONE,), 60_000))
    await Ladders(rig.database, rig.clock, POLICY).save(LadderRule("two", "二", "all", None, 0, 0, two, 0), "wang")
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 5)
    for _ in range(3):
        joined = await rig.desk.accept(alert.id, "li", 5)
        assert (joined.going, joined.is_asking) == (("wang", "li"), False)
        for _ in range(2):  # the answer to the first may be lost on the way
            left = await rig.desk.withdraw(alert.id, "li")
            assert (left.going, left.is_asking) == (("wang",), True)
    assert (await rig.journal(alert.id)).count("withdrawn") == 3


async def test_a_repeated_withdrawal_succeeds_also_after_the_next_rung_was_asked(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.desk.withdraw(alert.id, "wang")
    await rig.pass_ms(10)
    assert (await rig.journal(alert.id))[-1] == "asked"
    assert (await rig.desk.withdraw(alert.id, "wang")).state is State.OPEN


async def test_after_an_acceptance_was_taken_back_everybody_who_was_thanked_is_asked_again(rig: PressRig) -> None:
    alert = await rig.press()
    await wait_until(lambda: rig.dispatcher._in_hand == set(), "all sent")
    await rig.desk.accept(alert.id, "chen", 4)
    rig.clock.pass_ms(5_000)
    after = await rig.desk.take_back(alert.id, "wang", State.ACCEPTED, "chen")
    assert (after.state, after.acceptor_id) == (State.OPEN, None)
    sent = [one for one in await rig.notifications(alert.id) if one.person_id in RUNG_0]
    last = {(one.person_id, one.channel): one.purpose for one in sent}
    assert set(last.values()) == {Purpose.ASK}
    assert await rig.desk.take_back(alert.id, "wang", State.ACCEPTED, "chen") == after  # pressed twice
    await rig.pass_ms(10)
    assert (await rig.alert(alert.id)).rung == 1


async def test_a_closing_is_not_taken_back_when_the_elder_has_pressed_again(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.close(alert.id, "wang", "误按", "conversation")
    again = await rig.press()
    assert again.id != alert.id
    with pytest.raises(Invalid, match="called_again"):
        await rig.desk.take_back(alert.id, "wang", State.CLOSED, "wang")
    assert (await rig.alert(alert.id)).state is State.CLOSED


async def test_a_closing_that_was_taken_back_asks_on_and_may_be_closed_again(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.close(alert.id, "wang", "误按", "conversation")
    assert (await rig.desk.take_back(alert.id, "wang", State.CLOSED, "wang")).state is State.OPEN
    await rig.pass_ms(10)
    assert (await rig.alert(alert.id)).rung == 1
    assert (await rig.desk.close(alert.id, "wang", "看过了", "door")).state is State.CLOSED


async def test_two_people_who_accept_at_once_are_acceptor_and_backup(rig: PressRig) -> None:
    alert = await rig.press()
    first, second = await asyncio.gather(rig.desk.accept(alert.id, "wang", 4), rig.desk.accept(alert.id, "li", 4))
    assert first.acceptor_id == second.acceptor_id
    assert sorted(what for what in await rig.journal(alert.id) if what in ("accepted", "backup")) == [
        "accepted",
        "backup",
    ]


async def test_a_rung_of_which_everybody_declined_is_left_at_once(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.decline(alert.id, "li")
    await rig.pass_ms(10)
    assert (await rig.alert(alert.id)).rung == 0
    await rig.desk.decline(alert.id, "wang")
    await rig.pass_ms(10)
    assert (await rig.alert(alert.id)).rung == 1


async def test_declining_on_the_last_rung_asks_nobody_before_its_time(rig: PressRig) -> None:
    alert = await rig.press()
    for wait_ms in (45_000, 45_000, 60_000):
        await rig.pass_ms(wait_ms)
    asked = (await rig.journal(alert.id)).count("asked")
    assert (await rig.alert(alert.id)).rung == 3
    for person in ("wang", "li", "chen", "sun"):
        await rig.desk.decline(alert.id, person)
        await rig.pass_ms(10)
    assert (await rig.journal(alert.id)).count("asked") == asked
    await rig.pass_ms(120_000)
    assert (await rig.journal(alert.id)).count("asked") == asked + 1


async def test_what_follows_an_acceptance_happens_although_its_request_was_given_up(rig: PressRig) -> None:
    alert = await rig.press()
    rig.database.works.clear()
    request = asyncio.create_task(rig.desk.accept(alert.id, "wang", 4))
    tried = rig.database.tried
    await wait_until(lambda: rig.database.tried > tried, "the write has begun")
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    rig.database.works.set()
    await wait_until(lambda: "accepted" in [one["stage"] for one in rig.publisher.to("dev-1", "alert")], "told")
    assert rig.publisher.to("dev-1", "alert")[-1]["say"] == "王芳接了，大约4分钟到。"


async def test_nobody_unknown_takes_a_step_and_no_unknown_alert_is_answered(rig: PressRig) -> None:
    alert = await rig.press()
    with pytest.raises(NotFound):
        await rig.desk.accept(alert.id, "nobody", 4)
    with pytest.raises(NotFound):
        await rig.desk.accept("nothing", "wang", 4)
    with pytest.raises(Invalid):
        await rig.desk.close(alert.id, "wang", "好了", "telepathy")
    assert (await rig.alert(alert.id)) == alert


async def test_the_journal_names_people_by_id_only(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.desk.accept(alert.id, "li", 4)
    await rig.desk.withdraw(alert.id, "wang")
    rows = await rig.read(lambda tx: tx.alerts.journal(alert.id))
    text = repr(rows)
    assert "王芳" not in text
    assert "李强" not in text
    assert "101室" not in text
