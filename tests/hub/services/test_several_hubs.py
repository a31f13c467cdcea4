"""Several hubs on one database: each takes every press, and a UNIQUE key makes it one (ALERTS.md, invariant 14)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.alerts import Purpose, State
from hub.domain.errors import Changed
from hub.domain.people import ChannelName
from hub.services import notify, take_presses
from hub.services.ports import ChannelFailed, Tx
from hub.services.raise_alert import raise_alerts
from tests.fakes.database import FailingDatabase
from tests.hub.services.press_rig import PressRig, all_presses, press_rig
from tests.world.waiting import wait_until


@pytest_asyncio.fixture
async def hubs(tmp_path: Path) -> AsyncIterator[tuple[PressRig, PressRig]]:
    """Two hubs with a database handle each, on one file, by the same clock."""
    async with press_rig(tmp_path) as one:
        database = SqliteDatabase(tmp_path / "hub.db")
        await database.start()
        other = PressRig(FailingDatabase(database), clock=one.clock)
        running = asyncio.create_task(other.dispatcher.run())
        yield one, other
        running.cancel()
        await database.close()


async def test_a_press_that_both_hubs_take_is_one_press_of_one_alert(hubs: tuple[PressRig, PressRig]) -> None:
    one, other = hubs
    batches = [[one.received(f"b-{number % 7}", device="dev-3")] for number in range(40)]
    await asyncio.gather(*(hub.presses.take(batch) for batch in batches for hub in hubs))
    assert len(await one.read(all_presses)) == 40
    alerts = await one.alerts()
    assert len(alerts) == len({alert.joins for alert in alerts}) == 7
    assert one.presses._confirmations.qsize() + other.presses._confirmations.qsize() >= 40


async def test_a_rung_that_is_due_at_both_hubs_is_asked_by_one(hubs: tuple[PressRig, PressRig]) -> None:
    one, other = hubs
    alert = await one.press()
    one.clock.pass_ms(45_000)

    async def turn(hub: PressRig) -> None:
        try:
            await hub.loop.turn()
        except Changed:
            await hub.loop.turn()

    await asyncio.gather(turn(one), turn(other))
    asked = [note for note in await one.notifications(alert.id) if note.purpose is Purpose.ASK and note.rung == 1]
    assert len({(note.person_id, note.channel) for note in asked}) == len(asked) == 1


async def test_two_people_who_accept_at_both_hubs_are_one_acceptor_and_one_back_up(
    hubs: tuple[PressRig, PressRig],
) -> None:
    one, other = hubs
    alert = await one.press()
    await asyncio.gather(one.desk.accept(alert.id, "wang", 4), other.desk.accept(alert.id, "li", 6))
    now = await one.alert(alert.id)
    assert now.state is State.ACCEPTED
    assert set(now.going) == {"wang", "li"}
    assert sorted(await one.journal(alert.id))[:2] == ["accepted", "asked"]
    assert (await other.journal(alert.id)).count("accepted") == 1


async def test_a_request_that_waited_at_one_hub_does_not_begin_when_somebody_has_accepted_at_the_other(
    hubs: tuple[PressRig, PressRig],
) -> None:
    one, other = hubs
    webhook = other.channels[ChannelName.WEBHOOK]
    webhook.open_gate.clear()
    walls = [await other.press(f"wall-{number}", device="dev-3") for number in range(notify.LANES)]
    await webhook.wait_begun(notify.LANES)
    accepted, still_open = await other.press("101"), await other.press("102")
    await one.desk.accept(accepted.id, "wang", 4)
    one.clock.pass_ms(notify.LONG_MS + 1)
    webhook.open_gate.set()
    await wait_until(lambda: not other.dispatcher._in_hand, "all outcomes stored")
    assert {note.alert_id for note in webhook.begun} == {*(alert.id for alert in walls), still_open.id}


async def test_what_was_accepted_here_and_opened_again_at_the_other_hub_is_sent_here_too(
    hubs: tuple[PressRig, PressRig],
) -> None:
    one, other = hubs
    alert = await one.press()
    await one.desk.accept(alert.id, "li", 4)
    await wait_until(lambda: not one.dispatcher._in_hand, "all outcomes stored")
    other.channels[ChannelName.NTFY].error = ChannelFailed("HTTP 503")  # the others reach somebody: no step follows
    await other.desk.withdraw(alert.id, "li")
    await other.loop.turn()
    await wait_until(lambda: not other.dispatcher._in_hand, "all outcomes stored")
    [again] = [note for note in await one.notifications(alert.id) if note.state == "due"]
    one.clock.pass_ms(1_000)
    await one.loop.turn()
    await wait_until(lambda: not one.dispatcher._in_hand, "all outcomes stored")
    assert again.id in {note.id for note, _ in one.channels[ChannelName.NTFY].sent}


async def test_what_another_hub_has_stored_meanwhile_is_read_again_and_not_lost(
    hubs: tuple[PressRig, PressRig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite lets one hub write after the other; where a database lets both, the loser meets the UNIQUE key."""
    one, other = hubs
    received = one.received()
    await other.presses.take([received])
    looked: list[bool] = []

    def blind_at_first(tx: Tx, *rest: object) -> object:
        if not looked:
            looked.append(True)
            [stored] = all_presses(tx)
            tx.presses.add([replace(stored, alert_id=None)])  # as if it had not been there when it was looked for
        return raise_alerts(tx, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(take_presses, "raise_alerts", blind_at_first)
    await one.presses.take([received])
    assert len(await one.read(all_presses)) == 1
    assert len(await one.alerts()) == 1


async def test_a_defect_that_always_meets_the_key_is_not_tried_for_ever(
    hubs: tuple[PressRig, PressRig], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tx: Tx, *_rest: object) -> object:
        raise Changed

    one, _ = hubs
    monkeypatch.setattr(take_presses, "raise_alerts", broken)
    with pytest.raises(Changed):
        await one.presses.take([one.received()])


@pytest.mark.parametrize("by_ms", [3_600_000, -3_600_000])
async def test_a_clock_that_is_set_moves_the_deadlines_once_although_both_hubs_see_it(
    hubs: tuple[PressRig, PressRig], by_ms: int
) -> None:
    one, _ = hubs
    alert = await one.press()
    for hub in hubs:
        await hub.loop.turn()
    due_ms = (await one.alert(alert.id)).due_ms
    assert due_ms is not None
    one.clock.pass_ms(10_000)
    one.clock.set_by(by_ms)
    for hub in hubs:
        await hub.loop.turn()
    assert (await one.alert(alert.id)).due_ms == due_ms + by_ms
    assert (await one.journal(alert.id)).count("clock_stepped") == 1
