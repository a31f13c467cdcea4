"""What a step writes: all of it in one transaction, messages that say where and not what is wrong."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain import alerts
from hub.domain.alerts import Purpose
from hub.domain.errors import Changed
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person
from hub.services.ports import ChannelFailed, CommitFailed, Tx
from hub.services.recording import Recording
from tests.hub.services.press_rig import DUTY, POLICY, PressRig, press_rig
from tests.world.waiting import wait_until


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


async def test_several_steps_of_one_alert_are_one_change_of_its_row(rig: PressRig) -> None:
    alert = await rig.press()

    def job(tx: Tx) -> None:
        recording = Recording(tx, POLICY, rig.clock.now_ms())
        first = recording.add(alerts.pressed_again(alert, rig.clock.now_ms()))
        recording.add(alerts.note(recording.current(alert), "wang", "门锁着"))
        assert recording.current(alert) == first
        recording.write()

    await rig.database.write(job)
    after = await rig.alert(alert.id)
    assert after.version == alert.version + 1
    assert (await rig.journal(alert.id))[-2:] == ["pressed_again", "note"]


async def test_a_step_on_an_alert_that_changed_meanwhile_writes_nothing(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.note(alert.id, "wang", "门锁着")
    journal = await rig.journal(alert.id)

    def job(tx: Tx) -> None:
        recording = Recording(tx, POLICY, rig.clock.now_ms())
        recording.add(alerts.accept(alert, "li", 4, rig.clock.now_ms()))
        recording.write()

    with pytest.raises(Changed):
        await rig.database.write(job)
    assert await rig.journal(alert.id) == journal
    assert len(await rig.tellings(alert.id)) == 1


async def test_a_step_that_changed_nothing_leaves_no_trace(rig: PressRig) -> None:
    alert = await rig.press()
    accepted = await rig.desk.accept(alert.id, "wang", 4)

    def job(tx: Tx) -> int:
        recording = Recording(tx, POLICY, rig.clock.now_ms())
        recording.add(alerts.accept(accepted, "wang", 4, rig.clock.now_ms()))
        return len(recording.write().alerts)

    assert await rig.database.write(job) == 0
    assert await rig.alert(alert.id) == accepted


async def test_each_reader_is_asked_in_their_language_where_and_not_what_is_wrong(rig: PressRig) -> None:
    def job(tx: Tx) -> None:
        tx.people.add_people([Person("smith", "Smith", language="en", contacts=(Contact(ChannelName.NTFY, "s"),))])
        tx.people.add_assignments([Assignment("smith", "building-1", Duty.BUILDING_HEAD)])

    await rig.database.write(job)
    await rig.press()
    await rig.channels[ChannelName.NTFY].wait_sent(2)
    texts = {note.person_id: message.text for note, message in rig.channels[ChannelName.NTFY].sent}
    assert texts == {
        "wang": "1栋101室有人按铃，请去看看。",
        "smith": "Somebody pressed the button at 1栋101室. Please go and see.",
    }


async def test_every_notification_carries_the_alerts_id(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.press()
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.press(gesture="cancel")
    await wait_until(lambda: not rig.dispatcher._in_hand, "all sent")
    sent = [one for channel in rig.channels.values() for one in channel.sent]
    assert len({note.purpose for note, _ in sent}) >= 3
    assert {message.alert_id for _, message in sent} == {alert.id}
    assert {message.body["alert_id"] for _, message in sent} == {alert.id}


async def test_the_duty_webhook_is_told_of_an_alert_once_and_named_no_person(rig: PressRig) -> None:
    alert = await rig.press()
    for _ in range(6):
        await rig.pass_ms(60_000)
    webhooks = [one for one in await rig.notifications(alert.id) if one.address == DUTY]
    assert [(one.person_id, one.purpose, one.rung) for one in webhooks] == [(None, Purpose.ASK, 0)]


async def test_nothing_that_goes_wrong_puts_a_name_an_address_or_a_home_into_the_log(
    rig: PressRig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.services.take_presses.AGAIN_S", 0.0)
    monkeypatch.setattr("hub.services.notify.STORE_AGAIN_S", 0.0)
    rig.sounds.error = RuntimeError("the voice died")
    for error in (RuntimeError("a defect"), ChannelFailed("HTTP 500"), TimeoutError()):
        for channel in rig.channels.values():
            channel.error = error
        rig.database.failures = 2
        alert = await rig.press()
        await rig.pass_ms(16_000)
        await wait_until(lambda: not rig.dispatcher._in_hand, "all outcomes stored")
    await rig.desk.accept(alert.id, "wang", 4)
    await wait_until(lambda: len(rig.sounds.asked) >= 4, "told")
    rig.clock.set_by(10_000)
    rig.database.failures = 1
    with pytest.raises(CommitFailed):
        await rig.loop.turn()
    printed = "".join(capsys.readouterr())
    assert "channel_broke" in printed
    assert "commit_failed" in printed
    assert "clip_failed" in printed
    for secret in ("王芳", "李强", "13800000001", "101室", "secret", "duty.example"):
        assert secret not in printed
