"""Notifications: each channel for itself, nothing begun after an acceptance, nobody asked and not thanked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.alerts import Alert, Purpose, State
from hub.domain.ladder import DEFAULT
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person
from hub.services import notify
from hub.services.next_way import go_on
from hub.services.ports import NO_PAGE_OPEN, ChannelFailed, Notification, Tx
from hub.services.raise_alert import Raised, raise_alerts
from hub.services.recording import Policy, Recording
from tests.hub.services.press_rig import DUTY, PressRig, press_rig
from tests.world.waiting import wait_until

PAGE, NTFY, WEBHOOK = ChannelName.PAGE, ChannelName.NTFY, ChannelName.WEBHOOK


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


async def quiet(rig: PressRig) -> None:
    """Returns once nothing is being sent or stored."""
    await wait_until(lambda: not rig.dispatcher._in_hand, "all outcomes stored")


def of(found: list[Notification], purpose: Purpose) -> list[Notification]:
    return [one for one in found if one.purpose is purpose]


async def test_a_press_asks_everybody_of_the_first_rung_and_the_duty_webhook(rig: PressRig) -> None:
    alert = await rig.press()
    await quiet(rig)
    asked = of(await rig.notifications(alert.id), Purpose.ASK)
    assert {(one.person_id, one.channel) for one in asked} == {
        ("wang", PAGE),
        ("wang", NTFY),
        ("li", PAGE),
        (None, WEBHOOK),
    }
    assert {one.state for one in asked} == {"sent"}
    _, message = rig.channels[WEBHOOK].sent[0]
    assert message.body == {
        "alert_id": alert.id,
        "button": "101",
        "place": "building-1",
        "press_ids": ["press-1"],
        "say": "1栋101室有人按铃，请去看看。",
        "opened_at_ms": alert.opened_ms,
    }


async def test_a_page_that_is_not_open_is_known_to_reach_nobody_when_the_press_is_stored(rig: PressRig) -> None:
    policy = Policy(DEFAULT, DUTY, lambda person_id: person_id != "li")
    press = rig.received()
    raised = await rig.database.write(lambda tx: raise_alerts(tx, [press], policy, rig.clock.now_ms()))
    [alert] = raised.committed.alerts
    pages = [one for one in await rig.notifications(alert.id) if one.channel is PAGE]
    assert {(one.person_id, one.state, one.error) for one in pages} == {
        ("wang", "due", ""),
        ("li", "failed", NO_PAGE_OPEN),
    }
    assert "li" not in {one.notification.person_id for one in raised.committed.outgoing}
    assert alert.due_ms == alert.opened_ms + DEFAULT[0].wait_ms


async def test_a_rung_of_closed_pages_is_left_at_once(rig: PressRig) -> None:
    def job(tx: Tx) -> Raised:
        tx.people.add_people([Person("yu", "于雪", contacts=(Contact(PAGE),))])
        tx.people.add_assignments([Assignment("yu", "building-3", Duty.HELPER)])
        return raise_alerts(tx, [press], Policy(DEFAULT, "", lambda person_id: False), rig.clock.now_ms())

    press = rig.received("help", device="dev-3")
    [alert] = (await rig.database.write(job)).committed.alerts
    assert (alert.rung, alert.due_ms) == (0, rig.clock.now_ms())
    assert await rig.journal(alert.id) == ["opened", "asked", "rung_failed"]


async def hang_in_all_lanes(rig: PressRig, channel: ChannelName) -> None:
    """Whatever else is to be sent by this channel waits."""
    rig.channels[channel].open_gate.clear()
    for number in range(notify.LANES):
        await rig.press(f"wall-{number}")
    await rig.channels[channel].wait_begun(notify.LANES)


async def test_a_channel_that_hangs_in_all_its_lanes_delays_no_other(rig: PressRig) -> None:
    await hang_in_all_lanes(rig, NTFY)
    alert = await rig.press()
    wanted = {(None, WEBHOOK), ("wang", PAGE), ("li", PAGE)}

    def sent() -> set[tuple[str | None, ChannelName]]:
        notes = (one for channel in rig.channels.values() for one, _ in channel.sent)
        return {(one.person_id, one.channel) for one in notes if one.alert_id == alert.id}

    await wait_until(lambda: sent() == wanted, "the other channels have sent")
    await wait_until(lambda: len(rig.dispatcher._in_hand) == notify.LANES + 1, "the others are stored")
    asked = of(await rig.notifications(alert.id), Purpose.ASK)
    assert {one.channel for one in asked if one.state == "due"} == {NTFY}
    rig.channels[NTFY].open_gate.set()
    await quiet(rig)
    assert sent() == wanted | {("wang", NTFY)}


async def test_what_waited_while_somebody_went_does_not_begin_when_the_alert_asks_again(rig: PressRig) -> None:
    await hang_in_all_lanes(rig, NTFY)
    alert = await rig.press()
    await rig.desk.accept(alert.id, "li", 4)
    await rig.desk.withdraw(alert.id, "li")
    rig.channels[NTFY].open_gate.set()
    await quiet(rig)
    asks = of(await rig.notifications(alert.id), Purpose.ASK)
    dropped = {one.id for one in asks if one.state == "dropped"}
    assert dropped
    assert not dropped & {one.id for one, _ in rig.channels[NTFY].sent}


@pytest.mark.parametrize(
    "error", [ChannelFailed("HTTP 503"), TimeoutError(), RuntimeError("a defect"), ChannelFailed("x" * 10_000)]
)
async def test_whatever_a_channel_does_wrong_it_is_tried_again_until_it_works(rig: PressRig, error: Exception) -> None:
    rig.channels[WEBHOOK].error = error
    alert = await rig.press()
    await quiet(rig)
    for attempt, wait_ms in enumerate((500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000), start=1):
        [tried] = [one for one in await rig.notifications(alert.id) if one.channel is WEBHOOK]
        assert (tried.state, tried.attempts) == ("due", attempt)
        assert tried.due_ms == rig.clock.now_ms() + wait_ms
        await rig.pass_ms(wait_ms)
        await quiet(rig)
    rig.channels[WEBHOOK].error = None
    await rig.pass_ms(15_000)
    await quiet(rig)
    assert [one.state for one in await rig.notifications(alert.id) if one.channel is WEBHOOK] == ["sent"]


async def test_what_is_refused_for_good_is_not_tried_again(rig: PressRig) -> None:
    rig.channels[NTFY].error = ChannelFailed("HTTP 404", is_final=True)
    alert = await rig.press()
    await quiet(rig)
    [tried] = [one for one in await rig.notifications(alert.id) if one.channel is NTFY]
    assert (tried.state, tried.error) == ("failed", "HTTP 404")


async def test_a_rung_whose_every_notification_failed_is_left_at_once(rig: PressRig) -> None:
    for channel in rig.channels.values():
        channel.error = ChannelFailed("no", is_final=True)
    alert = await rig.press()
    await quiet(rig)
    await rig.pass_ms(1)
    assert (await rig.alert(alert.id)).rung == 1
    assert "rung_failed" in await rig.journal(alert.id)


@pytest.mark.parametrize("is_last", [False, True])
async def test_a_duty_webhook_that_was_told_keeps_no_rung_on_which_nobody_was_reached(
    rig: PressRig, *, is_last: bool
) -> None:
    for name, channel in rig.channels.items():
        channel.error = None if name is WEBHOOK else ChannelFailed("no", is_final=True)
        if (name is WEBHOOK) is is_last:
            channel.open_gate.clear()
    alert = await rig.press()
    await rig.channels[WEBHOOK].wait_begun(1)
    await rig.channels[NTFY].wait_begun(1)
    await wait_until(lambda: len(rig.dispatcher._in_hand) == (1 if is_last else 3), "the others are stored")
    for channel in rig.channels.values():
        channel.open_gate.set()
    await quiet(rig)
    await rig.pass_ms(1)
    assert (await rig.alert(alert.id)).rung == 1


async def test_a_rung_of_which_one_notification_was_taken_keeps_its_wait(rig: PressRig) -> None:
    for name in (PAGE, WEBHOOK):
        rig.channels[name].error = ChannelFailed("no", is_final=True)
    alert = await rig.press()
    await quiet(rig)
    await rig.pass_ms(44_999)
    assert (await rig.alert(alert.id)).rung == 0


async def test_no_request_begins_after_an_acceptance_also_none_that_waited_in_the_queue(rig: PressRig) -> None:
    rig.channels[WEBHOOK].open_gate.clear()
    others = [await rig.press(f"wall-{number}", device="dev-3") for number in range(notify.LANES)]
    await rig.channels[WEBHOOK].wait_begun(notify.LANES)
    last = await rig.press()
    await rig.desk.accept(last.id, "wang", 4)
    rig.channels[WEBHOOK].open_gate.set()
    await quiet(rig)
    assert {one.alert_id for one in rig.channels[WEBHOOK].begun} == {alert.id for alert in others}
    [asked] = [one for one in await rig.notifications(last.id) if one.channel is WEBHOOK]
    assert asked.state == "dropped"


@pytest.mark.parametrize("waited_ms", [0, notify.LONG_MS, 10 * notify.LONG_MS])
async def test_a_database_that_cannot_be_read_keeps_nobody_from_being_asked(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch, waited_ms: int
) -> None:
    """What is sent at once does not even look; what has waited is sent although it could not."""

    async def broken(_job: object) -> None:
        tries.append(1)
        raise OSError("disk")

    tries: list[int] = []
    await wall(rig, 1)
    monkeypatch.setattr(rig.database, "read", broken)
    rig.clock.pass_ms(waited_ms)
    rig.channels[WEBHOOK].open_gate.set()
    await rig.channels[WEBHOOK].wait_sent(notify.LANES + 1)
    assert len(tries) == (waited_ms > notify.LONG_MS)


async def test_a_disk_that_hangs_keeps_nobody_from_being_asked(rig: PressRig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_job: object) -> None:
        await asyncio.Event().wait()

    await wall(rig, 1)
    monkeypatch.setattr(notify, "LONG_MS", 10)
    monkeypatch.setattr(rig.database, "read", hangs)
    rig.clock.pass_ms(11)
    rig.channels[WEBHOOK].open_gate.set()
    await rig.channels[WEBHOOK].wait_sent(notify.LANES + 1)


async def test_those_who_have_waited_together_are_looked_up_together(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def counted(job: Callable[[Tx], object]) -> object:
        reads.append(1)
        return await read(job)

    reads: list[int] = []
    read = rig.database.read
    await wall(rig, 20)
    monkeypatch.setattr(rig.database, "read", counted)
    rig.clock.pass_ms(notify.LONG_MS + 1)
    rig.channels[WEBHOOK].open_gate.set()
    await rig.channels[WEBHOOK].wait_sent(notify.LANES + 20)
    assert len(reads) == 1


async def wall(rig: PressRig, more: int) -> None:
    """All lanes of the webhook hang, and so many requests wait behind them."""
    rig.channels[WEBHOOK].open_gate.clear()
    for number in range(notify.LANES + more):
        await rig.press(f"wall-{number}", device="dev-3")
    await rig.channels[WEBHOOK].wait_begun(notify.LANES)


async def test_a_failed_request_is_not_tried_again_after_the_acceptance(rig: PressRig) -> None:
    rig.channels[WEBHOOK].error = ChannelFailed("HTTP 503")
    alert = await rig.press()
    await quiet(rig)
    await rig.desk.accept(alert.id, "wang", 4)
    begun = len(rig.channels[WEBHOOK].begun)
    for _ in range(5):
        await rig.pass_ms(20_000)
        await quiet(rig)
    assert len(rig.channels[WEBHOOK].begun) == begun


async def test_an_older_state_that_is_told_late_asks_nobody_again(rig: PressRig) -> None:
    alert = await rig.press()
    await quiet(rig)
    accepted = await rig.desk.accept(alert.id, "wang", 4)
    rig.dispatcher.observe([alert])
    assert rig.dispatcher._known[alert.id] == accepted


async def test_whoever_a_request_reached_too_late_is_thanked_too(rig: PressRig) -> None:
    rig.channels[NTFY].open_gate.clear()
    rig.channels[PAGE].error = ChannelFailed("no page open", is_final=True)
    alert = await rig.press()
    await rig.channels[NTFY].wait_begun(1)
    await rig.desk.accept(alert.id, "li", 4)
    rig.channels[NTFY].open_gate.set()
    await quiet(rig)
    await rig.pass_ms(10)
    await quiet(rig)
    notes = await rig.notifications(alert.id)
    assert [one.state for one in of(notes, Purpose.ASK) if one.channel is NTFY] == ["sent"]
    kinds = [notification.purpose for notification, _ in rig.channels[NTFY].sent]
    assert kinds[-1] is Purpose.THANKS  # after the request, not only beside it
    assert {one.person_id for one in of(notes, Purpose.THANKS)} == {"wang"}


async def test_whoever_was_asked_is_thanked_although_the_hub_died_before_it_knew(rig: PressRig) -> None:
    rig.channels[NTFY].open_gate.clear()
    rig.channels[PAGE].error = ChannelFailed("no page open", is_final=True)
    alert = await rig.press()
    await rig.channels[NTFY].wait_begun(1)  # it is on its way; its outcome is never stored
    await rig.desk.accept(alert.id, "li", 4)
    thanks = of(await rig.notifications(alert.id), Purpose.THANKS)
    assert {one.person_id for one in thanks} == {"wang"}
    rig.channels[NTFY].open_gate.set()
    await quiet(rig)


async def test_whoever_a_request_reached_after_the_closing_is_thanked_all_the_same(rig: PressRig) -> None:
    alert = await rig.press()
    await quiet(rig)
    await rig.desk.accept(alert.id, "li", 4)
    closed = await rig.desk.close(alert.id, "li", "好了", "door")
    assert closed.state is State.CLOSED
    asked = next(one for one in of(await rig.notifications(alert.id), Purpose.ASK) if one.channel is NTFY)
    before = len(of(await rig.notifications(alert.id), Purpose.THANKS))
    late = replace(asked, state="sent", sent_ms=rig.clock.now_ms())
    committed = await rig.database.write(
        lambda tx: notify.record_outcomes(tx, [late], rig.dispatcher._policy, rig.clock.now_ms())
    )
    assert {one.notification.person_id for one in committed.outgoing} == {"wang"}
    assert len(of(await rig.notifications(alert.id), Purpose.THANKS)) > before


async def test_outcomes_are_stored_although_the_disk_fails_for_a_while(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.channels[WEBHOOK].open_gate.clear()
    alert = await rig.press()
    await rig.channels[WEBHOOK].wait_begun(1)
    await wait_until(lambda: len(rig.dispatcher._in_hand) == 1, "the others are stored")
    monkeypatch.setattr(notify, "STORE_AGAIN_S", 0.0)
    rig.database.failures = 3
    rig.channels[WEBHOOK].open_gate.set()
    await quiet(rig)
    assert {one.state for one in of(await rig.notifications(alert.id), Purpose.ASK)} == {"sent"}


async def test_an_outcome_whose_consequence_raises_is_stored_and_keeps_no_other_from_its_own(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for channel in rig.channels.values():
        channel.error = ChannelFailed("no", is_final=True)
        channel.open_gate.clear()
    bad, good = await rig.press("101"), await rig.press("102")

    def broken(recording: Recording, tx: Tx, alert: Alert, outcomes: list[Notification]) -> bool:
        if alert.id == bad.id:
            raise KeyError("a defect")
        return go_on(recording, tx, alert, outcomes)

    monkeypatch.setattr(notify, "go_on", broken)
    for channel in rig.channels.values():
        channel.open_gate.set()
    await quiet(rig)
    assert {one.state for one in await rig.notifications(bad.id)} == {"failed"}
    assert "rung_failed" in await rig.journal(good.id)


async def test_what_is_in_hand_is_not_sent_twice_when_its_claim_runs_out(rig: PressRig) -> None:
    rig.channels[WEBHOOK].open_gate.clear()
    await rig.press()
    await rig.channels[WEBHOOK].wait_begun(1)
    for _ in range(4):
        await rig.pass_ms(6_000)
    rig.channels[WEBHOOK].open_gate.set()
    await quiet(rig)
    assert len(rig.channels[WEBHOOK].begun) == 1


async def test_a_channel_that_is_not_configured_fails_at_once(rig: PressRig) -> None:
    del rig.dispatcher._queues[NTFY]
    alert = await rig.press()
    await quiet(rig)
    [tried] = [one for one in await rig.notifications(alert.id) if one.channel is NTFY]
    assert (tried.state, tried.error) == ("failed", "channel not configured")


async def test_an_erased_person_is_asked_no_more_and_breaks_nothing(rig: PressRig) -> None:
    alert = await rig.press()
    await quiet(rig)
    stored = await rig.notifications(alert.id)
    gone = [replace(one, person_id="gone", id=f"gone-{one.id}", state="due", due_ms=0) for one in stored]
    await rig.database.write(lambda tx: tx.notifications.add(gone))
    await rig.pass_ms(10)
    await quiet(rig)
    assert {one.state for one in await rig.notifications(alert.id)} == {"sent"}


async def test_information_is_given_up_after_ten_minutes_but_a_request_never(rig: PressRig) -> None:
    for channel in rig.channels.values():
        channel.error = ChannelFailed("HTTP 503")
    alert = await rig.press()
    await quiet(rig)
    await rig.press(gesture="cancel")
    for _ in range(60):
        await rig.pass_ms(15_000)
        await quiet(rig)
    notes = await rig.notifications(alert.id)
    assert {one.state for one in of(notes, Purpose.SAID_FINE)} == {"failed"}
    assert {one.state for one in of(notes, Purpose.ASK)} == {"due"}
