"""The red whistle: a building's loudspeakers call when nobody has come, and send people back once enough do."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.alerts import Alert
from hub.domain.announcements import PRIORITY, Kind
from hub.domain.places import Home
from hub.services.announce import Announcements
from hub.services.ports import Announcement, Button, SoundFailed, Tx
from hub.services.red_whistle import CLAIM_MS, RedWhistle, claim
from tests.hub.services.press_rig import PressRig, press_rig

CALL = "红哨子，红哨子。1栋有人需要帮助，请附近的邻居马上去看看。"
ENOUGH = "1栋：已有人到，请回，谢谢大家。"


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


@pytest.fixture
def announcements(rig: PressRig) -> Announcements:
    return Announcements(rig.database, rig.publisher, rig.sounds, rig.clock, rig.news)


@pytest.fixture
def whistle(rig: PressRig, announcements: Announcements) -> RedWhistle:
    return RedWhistle(rig.database, announcements, rig.clock)


async def whistled(rig: PressRig, button: str = "101", device: str = "dev-1") -> Alert:
    """An alert that nobody has accepted for 150 s."""
    alert = await rig.press(button, device=device)
    for wait_ms in (45_000, 45_000, 60_000):
        await rig.pass_ms(wait_ms)
    return await rig.alert(alert.id)


def fail_at_once(tx: Tx) -> None:
    """Every request of the rungs that are asked now has failed."""
    for alert in tx.alerts.not_closed():
        if not alert.is_aloud:
            tx.alerts.update([replace(alert, due_ms=0, version=alert.version + 1)])


async def said(rig: PressRig) -> list[str]:
    """What was announced, the oldest first."""
    found: list[Announcement] = await rig.read(lambda tx: tx.announcements.latest(100))
    return [one.text for one in reversed(found)]


async def test_the_building_is_called_after_150_seconds_by_building_only(rig: PressRig, whistle: RedWhistle) -> None:
    alert = await whistled(rig)
    await whistle.turn()
    assert await said(rig) == [CALL]
    [announcement] = await rig.read(lambda tx: tx.announcements.latest(100))
    assert (announcement.places, announcement.kind) == (("building-1",), "orange")
    assert "101" not in announcement.text
    await whistle.turn()
    assert await said(rig) == [CALL]
    await rig.pass_ms(120_000)
    await whistle.turn()
    assert await said(rig) == [CALL, CALL]
    assert (await rig.alert(alert.id)).is_aloud


async def test_the_call_waits_behind_no_warning_but_a_red_one(
    rig: PressRig, whistle: RedWhistle, announcements: Announcements
) -> None:
    storm = await announcements.announce(
        text="大风橙色预警", places=["building-1"], kind="orange", repeat=5, play_at_ms=None, by="li"
    )
    alert = await whistled(rig)
    await whistle.turn()
    await rig.desk.accept(alert.id, "wang", 4)
    await whistle.turn()
    enough, call, _ = await rig.read(lambda tx: tx.announcements.latest(100))
    for one in (call, enough):
        assert storm.priority < one.priority < PRIORITY[Kind.RED]


async def test_where_the_entrance_is_known_it_is_named_and_the_home_is_not(rig: PressRig, whistle: RedWhistle) -> None:
    home = Home("home-1-1-301", "building-1-unit-1", "1栋1单元301室")
    await rig.database.write(lambda tx: tx.places.add_homes([home]))
    await rig.database.write(lambda tx: tx.devices.add_buttons([Button("dev-1", "301", home.id, "home")]))
    await whistled(rig, "301")
    await whistle.turn()
    assert await said(rig) == [CALL.replace("1栋", "1栋1单元")]
    [announcement] = await rig.read(lambda tx: tx.announcements.latest(100))
    assert announcement.places == ("building-1",)


async def test_when_somebody_accepts_the_call_is_stopped_and_the_others_are_sent_back(
    rig: PressRig, whistle: RedWhistle
) -> None:
    alert = await whistled(rig)
    await whistle.turn()
    await rig.pass_ms(1_000)
    await rig.desk.accept(alert.id, "wang", 4)
    await whistle.turn()
    assert await said(rig) == [CALL, ENOUGH]
    call = (await rig.read(lambda tx: tx.announcements.latest(100)))[-1]
    assert call.stopped_ms == rig.clock.now_ms()


async def test_nobody_is_sent_back_who_was_never_called(rig: PressRig, whistle: RedWhistle) -> None:
    alert = await whistled(rig)
    await rig.desk.accept(alert.id, "wang", 4)  # before the call was said
    await whistle.turn()
    assert await said(rig) == []
    assert await rig.read(lambda tx: tx.callouts.next_due_ms()) is None


async def test_two_alerts_of_a_building_call_once_and_nobody_is_sent_back_while_one_waits(
    rig: PressRig, whistle: RedWhistle
) -> None:
    first, second = await rig.press(), await rig.press("hall")
    for wait_ms in (45_000, 45_000, 60_000):
        await rig.pass_ms(wait_ms)
    await whistle.turn()
    assert await said(rig) == [CALL]
    await rig.desk.accept(first.id, "wang", 4)
    await whistle.turn()
    assert await said(rig) == [CALL]
    await rig.pass_ms(1_000)
    await rig.desk.accept(second.id, "li", 4)
    await whistle.turn()
    assert await said(rig) == [CALL, ENOUGH]


async def test_an_alert_for_which_another_has_just_called_sends_people_back_at_its_end(
    rig: PressRig, whistle: RedWhistle
) -> None:
    first = await whistled(rig)
    await whistle.turn()
    second = await rig.press("hall")
    while not (await rig.alert(second.id)).is_aloud:  # its rungs fail at once: it calls while the first call is fresh
        await rig.database.write(fail_at_once)
        await rig.pass_ms(1)
    await whistle.turn()
    assert await said(rig) == [CALL]
    await rig.desk.accept(first.id, "wang", 4)
    await whistle.turn()
    assert await said(rig) == [CALL]
    await rig.pass_ms(1_000)
    await rig.desk.accept(second.id, "li", 4)
    await whistle.turn()
    assert await said(rig) == [CALL, ENOUGH]


async def test_a_place_without_a_building_has_no_loudspeaker_to_call(rig: PressRig, whistle: RedWhistle) -> None:
    await whistled(rig, "b", "never-heard-of")
    await whistle.turn()
    assert await said(rig) == []
    assert await rig.read(lambda tx: tx.callouts.next_due_ms()) is None


async def test_a_hub_that_died_while_it_was_about_to_call_calls_after_its_start(
    rig: PressRig, announcements: Announcements
) -> None:
    await whistled(rig)
    now_ms = rig.clock.now_ms()
    assert await rig.database.write(lambda tx: claim(tx, now_ms))  # it died here
    again = RedWhistle(rig.database, announcements, rig.clock)
    await again.turn()
    assert await said(rig) == []  # another hub may be saying it
    rig.clock.pass_ms(CLAIM_MS)
    await again.turn()
    assert await said(rig) == [CALL]


async def test_a_call_that_cannot_be_spoken_is_tried_again_and_one_that_is_too_old_is_not(
    rig: PressRig, whistle: RedWhistle
) -> None:
    await whistled(rig)
    rig.sounds.error = SoundFailed("no voice")
    await whistle.turn()
    assert await said(rig) == []
    rig.sounds.error = None
    rig.clock.pass_ms(CLAIM_MS)
    await whistle.turn()
    assert await said(rig) == [CALL]
    await rig.pass_ms(120_000 - CLAIM_MS)
    rig.clock.pass_ms(60_000)
    await whistle.turn()
    assert await said(rig) == [CALL]
