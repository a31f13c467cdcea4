"""The replay of a real alert ends where the alert stands, and shows what was sent when it was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.alerts import Alert, State
from hub.domain.errors import NotFound
from hub.services.views import AlertReplay, replay_view
from tests.hub.services.press_rig import PressRig, press_rig
from tests.world.waiting import wait_until


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


async def replayed(rig: PressRig, alert_id: str) -> AlertReplay:
    return await rig.read(lambda tx: replay_view(tx, alert_id, rig.clock.now_ms()))


async def test_after_every_step_the_last_frame_is_how_the_alert_stands(rig: PressRig) -> None:
    alert = await rig.press()
    await wait_until(lambda: not rig.dispatcher._in_hand, "all outcomes stored")
    steps: list[Callable[[], Awaitable[Alert]]] = [
        lambda: rig.desk.decline(alert.id, "li"),
        lambda: rig.desk.accept(alert.id, "wang", 3),
        lambda: rig.desk.withdraw(alert.id, "wang"),
        lambda: rig.desk.accept(alert.id, "li", 5),
        lambda: rig.desk.reopen(alert.id, "wang"),
        lambda: rig.desk.accept(alert.id, "wang", 2),
        lambda: rig.desk.note(alert.id, "li", "打过电话"),
        lambda: rig.desk.arrive(alert.id, "wang"),
        lambda: rig.desk.close(alert.id, "wang", "好", "door"),
    ]
    for step in steps:
        await rig.pass_ms(7_000)
        await step()
        stored, frame = await rig.alert(alert.id), (await replayed(rig, alert.id)).frames[-1]
        acceptor = frame.acceptor.id if frame.acceptor else None
        assert (frame.state, acceptor) == (stored.state, stored.acceptor_id)
    frames = (await replayed(rig, alert.id)).frames
    assert frames[0].after_ms == 0
    assert {one.person.name for one in frames[0].asking if one.person} == {"王芳", "李强"}
    assert frames[-1].state is State.CLOSED
    assert [line for one in frames for line in one.lines] == list((await replayed(rig, alert.id)).alert.journal)


async def test_an_acceptance_that_expired_is_open_again_at_its_second(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 1)
    due_ms = (await rig.alert(alert.id)).due_ms
    assert due_ms is not None
    await rig.pass_ms(due_ms - rig.clock.now_ms())
    frames = (await replayed(rig, alert.id)).frames
    assert (frames[-1].state, frames[-1].after_ms) == (State.OPEN, due_ms - alert.opened_ms)


async def test_no_alert_no_replay(rig: PressRig) -> None:
    with pytest.raises(NotFound):
        await replayed(rig, "none")
