"""The pages with a community's data, to look at them: python -m tests.hub.console.preview [PORT]."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import uvicorn

from hub.adapters.clock import SystemClock
from hub.domain.announcements import Reached
from hub.domain.findings import Finding
from hub.domain.people import Duty
from hub.domain.roster import Absence, Extra, Shift, Swap
from hub.domain.wall_clock import day_minute, day_of, instant_ms, minute_at
from tests.hub.console.stage import PASSWORD, Stage, stage
from wire.messages import Gesture


async def main(port: int) -> None:
    """Two open alerts, one accepted, one closed, an announcement on the air; until interrupted."""
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder), clock=SystemClock()) as world:
            await play(world)
            print(f"http://127.0.0.1:{port}/  zhou / {PASSWORD}")
            print(f"http://127.0.0.1:{port}/v/{await world.services.access.new_link('wang')}/", flush=True)
            config = uvicorn.Config(world.app, port=port, log_level="warning", timeout_graceful_shutdown=1)
            await uvicorn.Server(config).serve()


async def play(world: Stage) -> None:
    """What has happened so far today."""
    alerts, announcements = world.services.alerts, world.services.announcements
    closed = await world.press("dd-31", "101")
    await alerts.accept(closed, "guli", 5)
    await alerts.arrive(closed, "guli")
    await alerts.close(closed, "guli", "摔倒，已扶起，没有受伤", "door")
    taken = await world.press("dd-31", "101")
    await alerts.accept(taken, "ouyang", 10)
    await alerts.note(taken, "desk", "已打电话，老人说腿疼，能说话")
    await world.press("dd-44", "stairs", Gesture.SERVICE)
    await world.press()
    await world.press()
    await world.outside.deliver()
    done = await announcements.announce(
        text="各位居民，今天下午三点在社区活动室量血压，欢迎参加。",
        places=["all"],
        kind="routine",
        repeat=1,
        play_at_ms=None,
        by="desk",
    )
    await world.progress(done.id, [(60, Reached.PLAYED, True), (6, Reached.PLAYED, False), (2, Reached.SENT, False)])
    await announcements.stop(done.id, "desk")
    water = await announcements.announce(
        text="明天上午九点到十一点，1栋到30栋停水，请提前接水。",
        places=["all"],
        kind="notice",
        repeat=1,
        play_at_ms=None,
        by="desk",
    )
    found = dict(zip(range(55, 61), list(Finding)[1:], strict=False)) | {3: Finding.TOO_QUIET}
    reached = [(54, Reached.PLAYED, True), (6, Reached.PLAYED, False), (1, Reached.FAILED, False)]
    await world.progress(water.id, [*reached, (3, Reached.SENT, False)], found)
    await play_rota(world)
    air = await announcements.announce(
        text="各位居民请注意：受强对流天气影响，今晚有雷暴大风，请收好阳台物品，关好门窗，暂时不要外出。",
        places=["all"],
        kind="orange",
        repeat=5,
        play_at_ms=None,
        by="desk",
    )
    await announcements.confirm(air.id, "zhao")
    parts = [(20, Reached.PLAYED, True), (4, Reached.PLAYED, False), (30, Reached.PLAYING, False)]
    await world.progress(air.id, [*parts, (6, Reached.READY, False), (3, Reached.RECEIVED, False)])


async def play_rota(world: Stage) -> None:
    """A desk in three shifts with a gap; a swap, an absence, a note, and a swap that is asked for."""
    rotas, now_ms = world.services.rotas, world.clock.now_ms()
    today = day_of(minute_at(now_ms, "Asia/Shanghai"))
    hours = (("desk", 0, 8), ("chen", 8, 16), ("wang", 16, 22))
    for day in range(7):
        for who, start, end in hours:
            shift = Shift(who, "all", day, start * 60, end * 60, Duty.DESK, f"desk-{day}-{start}")
            await rotas.put_shift(shift, "desk")
    tomorrow = today + timedelta(days=1)
    await rotas.put_swap(Swap("part", f"desk-{tomorrow.weekday()}-8", tomorrow, "li", 600, 840), "desk")
    await rotas.put_extra(Extra("extra", "li", "grid-3", Duty.VOLUNTEER, tomorrow, 18 * 60, 22 * 60), "desk")
    await rotas.ask_swap(Swap("asked", f"desk-{tomorrow.weekday()}-16", tomorrow, "chen"), "wang")
    await rotas.put_absence(Absence("away", "zhao", now_ms - 3_600_000, now_ms + 30 * 3_600_000), "desk")
    midnight_ms = instant_ms(day_minute(today), "Asia/Shanghai")
    for place, duty, ends_ms in (("grid-2", Duty.VOLUNTEER, midnight_ms), ("all", Duty.DESK, midnight_ms)):
        await rotas.put_hand_over(place, duty, ends_ms, "17栋电梯在修；刘奶奶下午去医院", "ouyang")
    await world.services.reaching.say("guli", "guli", is_here=False)
    await world.services.reaching.say("ouyang", "ouyang", is_here=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8090))
