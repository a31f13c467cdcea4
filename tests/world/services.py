"""Every service that people can be reached through, behind one local server; one of them may hang."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from hub.domain.people import ChannelName

ADDRESSES: Mapping[ChannelName, str] = {
    ChannelName.WECOM_ROBOT: "13800000001",
    ChannelName.WECOM_APP: "WangFang",
    ChannelName.DINGTALK: "13800000001",
    ChannelName.FEISHU: "ou_1",
    ChannelName.SMS: "13800000001",
    ChannelName.NTFY: "topic-1",
    ChannelName.APPRISE: "own:x",
}
"""One contact of every way that staff can write down and that sends to a service whose address is a setting."""


class Services:
    """Each at a path of its own, `/here/NAME`; the one named `hanging` never answers."""

    def __init__(self, hanging: str = "") -> None:
        self.hanging = hanging
        self.taken: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers as each of the services does when it took a message."""
        await request.read()
        name = request.path.split("/")[2]
        if name == self.hanging:
            await asyncio.Event().wait()
        self.taken.append(name)
        body = {"errcode": 0, "code": 0, "Code": "OK", "id": "x", "access_token": "t", "expires_in": 7200}
        return web.json_response(body)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serves on a free port; gives the address below which the services are."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/here"
        finally:
            await runner.cleanup()


def environment(url: str) -> dict[str, str]:
    """The settings of a hub that uses all services below `url`."""
    given = {
        "NTFY": f"{url}/ntfy",
        "WECOM_API": f"{url}/wecom_app",
        "WECOM_CORP": "ww1",
        "WECOM_AGENT": "7",
        "WECOM_SECRET": "s",
        "WECOM_ROBOT": f"{url}/wecom_robot?key=k",
        "DINGTALK": f"{url}/dingtalk?access_token=t",
        "DINGTALK_SECRET": "SEC1",
        "FEISHU": f"{url}/feishu",
        "FEISHU_SECRET": "s",
        "ALIYUN_SMS_API": f"{url}/sms",
        "ALIYUN_KEY_ID": "id",
        "ALIYUN_KEY_SECRET": "s",
        "SMS_SIGN": "阳光社区",
        "SMS_TEMPLATES": "ask=SMS_1 thanks=SMS_2",
        "WEB_PUSH": "mailto:admin@example.org",
        "APPRISE": f"own=json://{url.removeprefix('http://').removeprefix('https://')}/apprise/{{address}}",
    }
    return {f"DONGDONG_{name}": text for name, text in given.items()}
