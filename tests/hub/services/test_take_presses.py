"""Presses are stored whatever the disk does, confirmed only then, and what follows a commit always happens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.alerts import Stage
from hub.domain.people import ChannelName
from hub.services import raise_alert, take_presses
from hub.services.ports import ChannelFailed, PressRow
from hub.services.raise_alert import Received
from tests.hub.services.press_rig import PressRig, press_rig
from tests.world.waiting import wait_until


@pytest_asyncio.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PressRig]:
    monkeypatch.setattr(take_presses, "AGAIN_S", 0.0)
    async with press_rig(tmp_path) as made:
        yield made


async def test_a_press_is_confirmed_once_it_is_stored_and_a_repeat_gets_the_same_answer(rig: PressRig) -> None:
    press = rig.received()
    for _ in range(3):
        await rig.presses.take([press])
    await wait_until(lambda: len(rig.publisher.to("dev-1", "accepted")) == 3, "three confirmations")
    answers = rig.publisher.to("dev-1", "accepted")
    told = {(one["press_id"], one["alert_id"], one["is_new_alert"], one["recorded_at_ms"]) for one in answers}
    assert len(told) == 1
    [alert] = await rig.alerts()
    assert len(await rig.stored(alert.id)) == 1


@pytest.mark.parametrize("failures", [1, 2, 7])
async def test_a_commit_that_fails_is_tried_again_and_confirmed_only_when_it_works(
    rig: PressRig, failures: int
) -> None:
    rig.database.failures = failures
    alert = await rig.press()
    assert rig.database.failures == 0
    assert len(await rig.stored(alert.id)) == 1
    await wait_until(lambda: rig.publisher.to("dev-1", "accepted"), "confirmed")
    assert rig.unrecorded.count == 0


async def test_a_disk_that_hangs_is_told_to_people_although_no_commit_has_failed(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_presses, "UNRECORDED_S", 0.0)
    rig.database.works.clear()
    press = rig.received()
    taking = asyncio.create_task(rig.presses.take([press]))
    await rig.duty.wait_sent(1)
    assert rig.unrecorded.count == 1
    assert "unrecorded" in rig.news.topics
    assert rig.publisher.to("dev-1", "accepted") == []
    _, message = rig.duty.sent[0]
    assert message.body["button"] == "101"
    assert message.body["alert_id"] is None
    rig.database.works.set()
    await taking
    assert rig.unrecorded.count == 0
    assert len(await rig.alerts()) == 1


async def test_each_of_several_presses_that_wait_for_the_disk_is_told_once(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_presses, "UNRECORDED_S", 0.0)
    rig.database.works.clear()
    presses = [rig.received(button) for button in ("101", "102", "103")]
    taking = [asyncio.create_task(rig.presses.take([press])) for press in (*presses, presses[0])]
    await rig.duty.wait_sent(3)
    assert [message.body["button"] for _, message in rig.duty.sent] == ["101", "102", "103"]
    rig.database.works.set()
    await asyncio.gather(*taking)
    assert len(rig.duty.sent) == 3


async def test_what_follows_the_commit_happens_although_the_connection_broke_meanwhile(rig: PressRig) -> None:
    rig.database.works.clear()
    taking = asyncio.create_task(rig.presses.take([rig.received()]))
    tried = rig.database.tried
    await wait_until(lambda: rig.database.tried > tried, "the write has begun")
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    rig.database.works.set()
    await wait_until(lambda: [one["stage"] for one in rig.publisher.to("dev-1", "alert")] == ["recorded"], "told")
    await rig.channels[ChannelName.NTFY].wait_sent(1)


def _breaking_at(press_id: str, is_even_unreadable: bool) -> Callable[[Received], PressRow]:
    """A reader with a defect: one press makes it raise what nobody expects."""
    whole = raise_alert.read_press

    def read(received: Received) -> PressRow:
        if press_id.encode() in received.payload and (received.is_readable or is_even_unreadable):
            raise RecursionError(press_id)
        return whole(received)

    return read


async def test_a_press_that_makes_the_reader_fail_is_stored_as_unreadable(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raise_alert, "read_press", _breaking_at("bad", is_even_unreadable=False))
    bad = rig.received(press_id="bad")
    await rig.presses.take([bad])
    [alert] = await rig.alerts()
    [stored] = await rig.stored(alert.id)
    assert stored.raw == bad.payload


async def test_a_batch_with_a_defect_raises_so_that_its_presses_are_tried_one_by_one(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raise_alert, "read_press", _breaking_at("bad", is_even_unreadable=False))
    with pytest.raises(RecursionError):
        await rig.presses.take([rig.received("101"), rig.received("102", press_id="bad")])
    assert await rig.alerts() == []


async def test_a_press_that_nobody_can_store_is_told_to_people_at_once(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raise_alert, "read_press", _breaking_at("bad", is_even_unreadable=True))
    with pytest.raises(RecursionError):
        await rig.presses.take([rig.received(press_id="bad")])
    assert rig.unrecorded.count == 1
    await rig.duty.wait_sent(1)


async def test_confirmations_that_find_no_link_are_sent_at_the_next_repeat(rig: PressRig) -> None:
    rig.publisher.is_connected = False
    press = rig.received()
    await rig.presses.take([press])
    await wait_until(lambda: ("dev-1", "accepted") in rig.publisher.refused, "tried")
    rig.publisher.is_connected = True
    await rig.presses.take([replace(press, received_ms=press.received_ms + 9_000)])
    await wait_until(lambda: rig.publisher.to("dev-1", "accepted"), "confirmed")
    assert rig.publisher.to("dev-1", "accepted")[0]["recorded_at_ms"] == press.received_ms


async def test_a_refusing_webhook_holds_up_no_other_unrecorded_press(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.services.unrecorded.TRY_EVERY_S", 0.0)
    rig.database.works.clear()
    rig.duty.error = ChannelFailed("HTTP 500")
    presses = [rig.received("101"), rig.received("102")]
    taking = asyncio.create_task(rig.presses.take(presses))
    rig.unrecorded.tell(presses)
    await rig.duty.wait_begun(4)
    rig.duty.error = ValueError("not even a channel's error")
    await rig.duty.wait_begun(6)
    rig.duty.error = None
    await rig.duty.wait_sent(2)
    assert {message.body["button"] for _, message in rig.duty.sent} == {"101", "102"}
    rig.database.works.set()
    await taking


async def test_the_elder_hears_of_each_press_exactly_what_was_committed(rig: PressRig) -> None:
    rig.database.failures = 3
    alert = await rig.press()
    await rig.press()
    assert [one.stage for one in await rig.tellings(alert.id)] == [Stage.RECORDED, Stage.NOTIFYING]
