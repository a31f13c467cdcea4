"""Channels at the same host do not wait for each other: WeCom's robot and its application have one."""

import asyncio

from aiohttp import web

from hub.adapters.notify.answers import new_session
from hub.adapters.notify.ntfy import Ntfy
from hub.adapters.notify.webhook import Webhook
from hub.services.notify import LANES
from tests.hub.adapters.notify.server import MESSAGE, notification, serving


async def test_a_channel_that_hangs_in_all_its_lanes_holds_up_no_other_at_the_same_host() -> None:
    hanging, all_hang = 0, asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal hanging
        if request.path.endswith("/ntfy"):
            hanging += 1
            if hanging == LANES:
                all_hang.set()
            await asyncio.Event().wait()
        return web.Response()

    async with serving(handle) as url, new_session() as session, asyncio.TaskGroup() as group:
        ntfy, webhook = Ntfy(session, f"{url}/ntfy"), Webhook(session)
        lanes = [group.create_task(ntfy.send(notification("topic-1"), MESSAGE)) for _ in range(LANES)]
        async with asyncio.timeout(20):
            await all_hang.wait()
            await webhook.send(notification(f"{url}/webhook"), MESSAGE)
        assert not any(lane.done() for lane in lanes)
        for lane in lanes:
            lane.cancel()
