"""The pages with a community's data, to look at them: python -m tests.hub.console.preview [PORT]."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import uvicorn

from hub.adapters.clock import SystemClock
from hub.domain.announcements import Reached
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
    air = await announcements.announce(
        text="各位居民请注意：受强对流天气影响，今晚有雷暴大风，请收好阳台物品，关好门窗，暂时不要外出。",
        places=["all"],
        kind="orange",
        repeat=5,
        play_at_ms=None,
        by="desk",
    )
    parts = [(20, Reached.PLAYED, True), (4, Reached.PLAYED, False), (30, Reached.PLAYING, False)]
    await world.progress(air.id, [*parts, (6, Reached.READY, False), (3, Reached.RECEIVED, False)])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8090))
