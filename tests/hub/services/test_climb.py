"""Time passes: deadlines lead to their steps, also after crashes and whatever the clock is set to."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain import alerts
from hub.domain.alerts import Alert, Purpose, State
from hub.domain.people import ChannelName
from hub.services import climb
from hub.services.climb import DueLoop
from hub.services.ports import ChannelFailed, CommitFailed, Tx
from hub.services.recording import Committed
from tests.hub.services.press_rig import POLICY, PressRig, press_rig
from tests.world.waiting import wait_until

HOUR_MS = 3_600_000


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


async def quiet(rig: PressRig) -> None:
    await wait_until(lambda: not rig.dispatcher._in_hand, "all outcomes stored")


async def asked(rig: PressRig, alert: Alert, rung: int) -> set[str | None]:
    """Who was to be asked on this rung."""
    notes = await rig.notifications(alert.id)
    return {one.person_id for one in notes if one.purpose is Purpose.ASK and one.rung == rung}


def restarted(rig: PressRig) -> DueLoop:
    """The due loop of a hub that starts anew on the same database; what the old one held in memory is gone."""
    rig.dispatcher._in_hand.clear()
    return DueLoop(rig.database, rig.consequences, rig.clock, POLICY)


async def drain(loop: DueLoop) -> None:
    while await loop.turn():
        pass


async def test_the_default_ladder_asks_at_0_45_90_and_150_seconds_and_every_120_after(rig: PressRig) -> None:
    alert = await rig.press()
    times = []
    for second in range(1, 400):
        before = (await rig.alert(alert.id)).due_ms
        await rig.pass_ms(1_000)
        if (await rig.alert(alert.id)).due_ms != before:
            times.append(second)
    assert times == [45, 90, 150, 270, 390]
    assert await asked(rig, alert, 0) == {"wang", "li", None}
    assert await asked(rig, alert, 1) == {"chen"}
    assert await asked(rig, alert, 2) == {"sun"}
    assert await asked(rig, alert, 3) == {"wang", "li", "chen", "sun"}


async def test_where_nobody_answers_for_the_place_everyone_on_duty_is_asked_at_once(rig: PressRig) -> None:
    alert = await rig.press(device="dev-3", button="b")
    assert alert.rung == 1  # Sun Li is a volunteer of that grid
    assert await rig.journal(alert.id) == ["opened", "rung_empty", "asked"]
    nowhere = await rig.press(device="never-heard-of", button="b")
    assert nowhere.rung == 2
    assert await rig.journal(nowhere.id) == ["opened", "rung_empty", "rung_empty", "asked"]


async def test_the_elder_is_told_every_15_seconds_until_somebody_accepts(rig: PressRig) -> None:
    alert = await rig.press()
    for _ in range(4):
        await rig.pass_ms(15_000)
    assert len(await rig.tellings(alert.id)) == 5
    await rig.desk.accept(alert.id, "wang", 10)
    for _ in range(4):
        await rig.pass_ms(15_000)
    assert len(await rig.tellings(alert.id)) == 6


async def test_an_acceptance_that_is_not_kept_asks_the_next_rung_and_tells_the_acceptor(rig: PressRig) -> None:
    alert = await rig.press()
    await quiet(rig)
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.pass_ms(7 * 60_000 - 1)
    assert (await rig.alert(alert.id)).state is State.ACCEPTED
    await rig.pass_ms(1)
    assert (await rig.alert(alert.id)).state is State.OPEN
    assert await asked(rig, alert, 1) == {"chen"}
    expired = [one for one in await rig.notifications(alert.id) if one.purpose is Purpose.EXPIRED]
    assert {one.person_id for one in expired} == {"wang"}


async def test_half_an_hour_after_arrival_the_desk_asks_how_it_is(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.desk.arrive(alert.id, "wang")
    await rig.pass_ms(30 * 60_000)
    assert [one for one in await rig.notifications(alert.id) if one.purpose is Purpose.DESK_ASKS]
    assert (await rig.alert(alert.id)).due_ms == rig.clock.now_ms() + 30 * 60_000


# --- crashes -------------------------------------------------------------------------------------------


async def test_a_hub_that_died_between_commit_and_sending_sends_at_once_after_its_start(rig: PressRig) -> None:
    rig.consequences.follow = lambda committed: None  # type: ignore[method-assign]  # it died here
    alert = await rig.press()
    del rig.consequences.follow
    assert not any(channel.begun for channel in rig.channels.values())
    await drain(restarted(rig))
    await rig.channels[ChannelName.PAGE].wait_sent(2)
    await rig.channels[ChannelName.NTFY].wait_sent(1)
    await rig.channels[ChannelName.WEBHOOK].wait_sent(1)
    assert rig.channels[ChannelName.WEBHOOK].sent[0][1].body["press_ids"] == ["press-1"]
    assert (await rig.alert(alert.id)).due_ms == alert.due_ms


async def test_a_hub_that_died_while_a_retry_waited_tries_at_once_after_its_start(rig: PressRig) -> None:
    rig.channels[ChannelName.WEBHOOK].error = ChannelFailed("HTTP 503")
    await rig.press()
    for _ in range(8):
        await quiet(rig)
        await rig.pass_ms(15_000)
    await quiet(rig)
    rig.channels[ChannelName.WEBHOOK].error = None
    begun = len(rig.channels[ChannelName.WEBHOOK].begun)
    await drain(restarted(rig))
    await rig.channels[ChannelName.WEBHOOK].wait_begun(begun + 1)


async def test_more_than_one_turn_can_hold_is_taken_over_at_a_start(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climb, "AT_ONCE", 3)
    rig.consequences.follow = lambda committed: None  # type: ignore[method-assign]  # it died here
    for number in range(10):
        await rig.press(f"b-{number}", device="dev-3")
    del rig.consequences.follow
    await drain(restarted(rig))
    await rig.channels[ChannelName.WEBHOOK].wait_sent(10)
    await rig.channels[ChannelName.NTFY].wait_sent(10)
    await quiet(rig)
    assert len(rig.channels[ChannelName.WEBHOOK].begun) == 10


async def test_ladders_go_on_where_they_were_after_any_pause(rig: PressRig) -> None:
    alert = await rig.press()
    await quiet(rig)
    rig.clock.pass_ms(10 * HOUR_MS)
    await drain(restarted(rig))
    assert (await rig.alert(alert.id)).rung == 1


@pytest.mark.parametrize("by_ms", [-HOUR_MS, -10 * 365 * 24 * HOUR_MS])
async def test_a_clock_that_was_set_back_while_no_hub_ran_leaves_nobody_waiting_for_years(
    rig: PressRig, by_ms: int
) -> None:
    rig.channels[ChannelName.WEBHOOK].error = ChannelFailed("HTTP 503")
    alert = await rig.press()
    await quiet(rig)
    rig.channels[ChannelName.WEBHOOK].error = None
    rig.clock.set_by(by_ms)
    loop = restarted(rig)
    await drain(loop)
    await rig.channels[ChannelName.WEBHOOK].wait_sent(1)
    rig.clock.pass_ms(45_000)
    await drain(loop)
    assert (await rig.alert(alert.id)).rung == 1
    rig.clock.set_by(-by_ms)  # the right time arrives
    rig.clock.pass_ms(45_000)
    await drain(loop)
    assert (await rig.alert(alert.id)).rung == 2


# --- the clock -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_ms", [-10 * 365 * 24 * HOUR_MS, -HOUR_MS, -2_001, 2_001, HOUR_MS, 365 * 24 * HOUR_MS])
async def test_a_clock_step_shifts_every_open_deadline_in_one_transaction_with_a_journal_row(
    rig: PressRig, by_ms: int
) -> None:
    alerts = [await rig.press(button) for button in ("101", "102")]
    await rig.desk.accept(alerts[1].id, "wang", 4)
    await rig.pass_ms(1_000)
    rig.clock.set_by(by_ms)
    await rig.pass_ms(0)
    for before in [alerts[0], await rig.alert(alerts[1].id)]:
        assert (await rig.journal(before.id)).count("clock_stepped") == 1
    assert alerts[0].due_ms is not None
    assert (await rig.alert(alerts[0].id)).due_ms == alerts[0].due_ms + by_ms
    await rig.pass_ms(43_999)
    assert (await rig.alert(alerts[0].id)).rung == 0
    await rig.pass_ms(1)
    assert (await rig.alert(alerts[0].id)).rung == 1


@pytest.mark.parametrize("by_ms", [-2_000, -3, 0, 2_000])
async def test_a_clock_that_only_drifts_shifts_nothing(rig: PressRig, by_ms: int) -> None:
    await rig.pass_ms(0)
    alert = await rig.press()
    rig.clock.set_by(by_ms)
    await rig.pass_ms(0)
    assert (await rig.alert(alert.id)).due_ms == alert.due_ms


async def test_small_steps_add_up_to_one(rig: PressRig) -> None:
    await rig.pass_ms(0)
    alert = await rig.press()
    for _ in range(3):
        rig.clock.set_by(-1_500)
        await rig.pass_ms(0)
    due_ms = (await rig.alert(alert.id)).due_ms
    assert alert.due_ms is not None
    assert due_ms == alert.due_ms - 3_000


async def test_a_press_that_came_after_the_step_but_before_it_was_noticed_is_not_put_off(rig: PressRig) -> None:
    await rig.pass_ms(0)
    rig.clock.set_by(8 * HOUR_MS)
    alert = await rig.press()
    await rig.pass_ms(0)
    assert (await rig.alert(alert.id)).due_ms == alert.due_ms
    await rig.pass_ms(45_000)
    assert (await rig.alert(alert.id)).rung == 1


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS])
async def test_a_retry_does_not_wait_for_what_the_clock_was_set_by(rig: PressRig, by_ms: int) -> None:
    await rig.pass_ms(0)
    rig.channels[ChannelName.WEBHOOK].error = ChannelFailed("HTTP 503")
    await rig.press()
    await quiet(rig)
    rig.channels[ChannelName.WEBHOOK].error = None
    rig.clock.set_by(by_ms)
    await rig.pass_ms(0)
    await rig.channels[ChannelName.WEBHOOK].wait_sent(1)


async def test_a_step_that_could_not_be_stored_is_not_forgotten(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.pass_ms(0)
    rig.clock.set_by(HOUR_MS)
    rig.database.failures = 2
    for _ in range(2):
        with pytest.raises(CommitFailed):
            await rig.loop.turn()
    await rig.pass_ms(0)
    assert alert.due_ms is not None
    assert (await rig.alert(alert.id)).due_ms == alert.due_ms + HOUR_MS
    assert (await rig.alert(alert.id)).rung == 0


# --- the loop itself -----------------------------------------------------------------------------------


async def test_a_turn_that_fails_is_not_counted_as_one(rig: PressRig) -> None:
    await rig.press()
    await rig.pass_ms(0)
    turned_ms = rig.loop.turned_ms
    rig.clock.pass_ms(45_000)
    rig.database.failures = 1
    with pytest.raises(CommitFailed):
        await rig.loop.turn()
    assert rig.loop.turned_ms == turned_ms
    await drain(rig.loop)
    assert rig.loop.turned_ms == rig.clock.monotonic_ms()


async def test_more_due_rungs_than_one_turn_holds_are_all_taken_and_each_asked_once(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climb, "AT_ONCE", 30)
    received = [rig.received(f"b-{number}", device="dev-3") for number in range(200)]
    rig.consequences.follow = lambda committed: None  # type: ignore[method-assign]  # only the rungs matter here
    await rig.presses.take(received)
    taken: list[Committed] = []
    rig.consequences.follow = taken.append  # type: ignore[method-assign, assignment]
    rig.clock.pass_ms(45_000)
    await drain(rig.loop)
    new = [one.notification for each in taken for one in each.outgoing if one.notification.rung == 2]
    assert len({one.alert_id for one in new}) == 200
    assert len({(one.alert_id, one.person_id, one.channel) for one in new}) == len(new)


async def test_all_that_is_due_is_claimed_before_the_first_of_it_is_acted_on(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climb, "AT_ONCE", 3)
    await rig.presses.take([rig.received(f"b-{number}", device="dev-3") for number in range(10)])
    await quiet(rig)
    await rig.pass_ms(0)
    followed: list[tuple[int, int]] = []

    def follow(committed: Committed) -> None:
        followed.append((len(committed.alerts), rig.database.tried))

    rig.consequences.follow = follow  # type: ignore[method-assign]
    before = rig.database.tried
    rig.clock.pass_ms(45_000)
    assert not await rig.loop.turn()
    assert followed == [(count, before + 4) for count in (3, 3, 3, 1)]


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS])
async def test_a_clock_that_is_set_while_no_hub_runs_moves_the_deadlines_with_it(rig: PressRig, by_ms: int) -> None:
    alert = await rig.press()
    await rig.loop.turn()
    rig.clock.pass_ms(10_000)
    rig.clock.set_by(by_ms)
    await drain(restarted(rig))
    assert (await rig.alert(alert.id)).due_ms == rig.clock.now_ms() + 35_000
    assert (await rig.journal(alert.id)).count("clock_stepped") == 1
    await drain(restarted(rig))
    assert (await rig.journal(alert.id)).count("clock_stepped") == 1


@pytest.mark.parametrize(("late_ms", "counts"), [(0, [1, 1, 1]), (climb.LATE_MS, [3])])
async def test_while_a_press_waits_due_alerts_are_taken_one_by_one_unless_they_are_late(
    rig: PressRig, late_ms: int, counts: list[int]
) -> None:
    await rig.presses.take([rig.received(f"b-{number}", device="dev-3") for number in range(3)])
    await quiet(rig)
    await rig.pass_ms(0)
    taken: list[Committed] = []
    rig.consequences.follow = taken.append  # type: ignore[method-assign, assignment]
    rig.clock.pass_ms(15_000 + late_ms)
    rig.database.has_urgent = True
    assert not await rig.loop.turn()
    assert [len(committed.alerts) for committed in taken] == counts


async def test_what_was_claimed_is_acted_on_although_the_next_claim_fails(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climb, "AT_ONCE", 3)
    await rig.presses.take([rig.received(f"b-{number}", device="dev-3") for number in range(5)])
    await quiet(rig)
    await rig.pass_ms(0)
    taken: list[Committed] = []
    rig.consequences.follow = taken.append  # type: ignore[method-assign, assignment]
    steps: list[tuple[Committed, bool]] = []
    write = rig.database.write

    async def second_fails(job: Callable[[Tx], tuple[Committed, bool]]) -> tuple[Committed, bool]:
        if steps:
            raise CommitFailed("disk full")
        steps.append(await write(job))
        return steps[0]

    monkeypatch.setattr(rig.database, "write", second_fails)
    rig.clock.pass_ms(45_000)
    with pytest.raises(CommitFailed):
        await rig.loop.turn()
    assert taken == [committed for committed, _ in steps] != []


async def test_whoever_waits_is_told_so_in_the_same_turn_that_asks_the_next_rung(rig: PressRig) -> None:
    alert = await rig.press()
    rig.clock.pass_ms(45_000)
    await rig.loop.turn()
    assert (await rig.journal(alert.id))[-1] == "asked"
    assert [one.stage_seq for one in await rig.tellings(alert.id)] == [0, 1]
    assert (await rig.alert(alert.id)).version == 2


# --- what raises keeps nothing else from its step ------------------------------------------------------


@contextmanager
def breaks(module: object, name: str, is_bad: Callable[..., bool]) -> Iterator[None]:
    """Inside the block the function has a defect that it meets with some of its arguments only."""
    real = getattr(module, name)

    def broken(*arguments: object) -> object:
        if is_bad(*arguments):
            raise KeyError("a defect")
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(module, name, broken)
        yield


async def test_a_step_that_raises_keeps_no_other_alert_from_its_steps_and_no_elder_in_silence(rig: PressRig) -> None:
    bad, good = await rig.press("101"), await rig.press("102")
    with breaks(alerts, "deadline_passed", lambda alert, *_: alert.id == bad.id):
        for _ in range(6):
            await rig.pass_ms(15_000)
    assert (await rig.alert(good.id)).rung == 2
    assert (await rig.alert(bad.id)).rung == 0
    assert len(await rig.tellings(bad.id)) == len(await rig.tellings(good.id)) == 7


async def test_a_reminder_that_raises_does_not_keep_the_ladder_from_being_climbed(rig: PressRig) -> None:
    bad = await rig.press()
    with breaks(alerts, "remind", lambda alert, *_: alert.id == bad.id):
        for _ in range(6):
            await rig.pass_ms(15_000)
    assert (await rig.alert(bad.id)).rung == 2


async def test_a_step_that_raises_is_put_off_and_seen_and_taken_once_the_defect_is_gone(rig: PressRig) -> None:
    bad = await rig.press()
    await quiet(rig)
    assert not rig.loop.is_failing
    tried: list[object] = []

    def always(*arguments: object) -> bool:
        tried.append(arguments)
        return True

    with breaks(alerts, "deadline_passed", always):
        await rig.pass_ms(45_000)
        before = len(tried)
        for _ in range(20):
            await rig.pass_ms(climb.AGAIN_MS // 20 - 1)
        assert len(tried) == before > 0  # it was not tried again and again
        for _ in range(5):
            await rig.pass_ms(climb.AGAIN_MS)
        assert (await rig.journal(bad.id)).count("step_failed") == 1
        assert rig.loop.is_failing
    await rig.pass_ms(climb.AGAIN_MS)
    assert (await rig.journal(bad.id))[-2:] == ["step_failed", "asked"]
    await rig.pass_ms(2 * climb.AGAIN_MS)
    assert not rig.loop.is_failing


async def test_a_step_that_raised_is_not_put_off_when_somebody_has_accepted_meanwhile(rig: PressRig) -> None:
    alert = await rig.press()
    accepted = await rig.desk.accept(alert.id, "wang", 4)
    now_ms = rig.clock.now_ms()
    await rig.database.write(lambda tx: climb._put_off(alert.id, "due_ms", now_ms, tx))
    assert await rig.alert(alert.id) == accepted


async def test_a_message_that_cannot_be_made_keeps_no_other_from_being_sent(rig: PressRig) -> None:
    rig.channels[ChannelName.WEBHOOK].error = ChannelFailed("HTTP 503")
    bad, good = await rig.press("101"), await rig.press("102")
    await quiet(rig)
    rig.channels[ChannelName.WEBHOOK].error = None
    with breaks(climb, "message_for", lambda _note, alert, *_: alert.id == bad.id):
        await rig.pass_ms(500)
        await quiet(rig)
    assert {one.alert_id for one, _ in rig.channels[ChannelName.WEBHOOK].sent} == {good.id}
    [unsent] = [one for one in await rig.notifications(bad.id) if one.channel is ChannelName.WEBHOOK]
    assert (unsent.state, unsent.attempts, unsent.due_ms) == ("due", 2, rig.clock.now_ms() + climb.AGAIN_MS)
    assert rig.loop.is_failing
    await rig.pass_ms(climb.AGAIN_MS)
    await rig.channels[ChannelName.WEBHOOK].wait_sent(2)


async def test_a_deadline_that_cannot_be_shifted_is_due_at_once_and_the_others_are_shifted(rig: PressRig) -> None:
    bad, good = await rig.press("101"), await rig.press("102")
    await rig.pass_ms(0)
    assert good.due_ms is not None
    rig.clock.set_by(-HOUR_MS)
    with breaks(alerts, "clock_stepped", lambda alert, *_: alert.id == bad.id):
        await rig.pass_ms(0)
    assert (await rig.alert(good.id)).due_ms == good.due_ms - HOUR_MS
    assert await rig.journal(bad.id) == ["opened", "asked", "step_failed", "asked"]
