"""dongdong demo: the example community, its hub and 69 simulated buildings, in one command."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from hub.adapters.broker import BrokerError
from hub.adapters.data_folder import held
from hub.app import Hub
from hub.commands import options as shared
from hub.commands.community_of_demo import Demo, prepare
from hub.commands.demo_check import check
from hub.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name

CHECK_MOST_S = 170.0
"""The check is through within 3 minutes after set-up, whatever it finds."""


def add_to(commands: Commands) -> None:
    """Adds the command."""
    parser = commands.add_parser("demo", help="示例社区、中心和 69 栋模拟楼 · example, hub and simulated buildings")
    shared.add_serving(parser)
    parser.add_argument(
        "--check", action="store_true", help="自己做一遍主要的事并给出表格 · do the main job and show it"
    )
    parser.set_defaults(command=demo)


def demo(options: argparse.Namespace) -> int:
    """Runs until Ctrl-C; with --check until all was observed (0) or not (1), in a folder that is gone afterwards."""
    settings = replace(shared.settings(options), quiet_hours=())  # whoever tries it out at night wants to hear it
    shared.set_up_logging("error" if settings.log_level == "info" else settings.log_level)
    try:
        if options.check:
            return uvloop.run(_check(settings))
        data = settings.data if options.data else settings.data.with_name("dongdong-demo")
        with held(data):
            return uvloop.run(_show(replace(settings, data=data)))
    except (BrokerError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks to its user
        return 1


async def _show(settings: Settings) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print("正在准备示例社区…… preparing the example community …", flush=True)  # noqa: T201
    async with _running(settings, await prepare(settings), stop) as (hub, demo):
        print(_welcome(hub, demo), flush=True)  # noqa: T201
        await stop.wait()
    return 0


def _welcome(hub: Hub, demo: Demo) -> str:
    press = f"{sys.argv[0]} sim press {demo.fleet} {demo.elder.device} {demo.elder.button}"
    return f"""
栋栋响 已经开始：69 栋楼、8 个网格、3,635 户。按 Ctrl-C 全部结束。
dongdong is running: 69 buildings, 8 grids, 3,635 homes. Ctrl-C ends all of it.

  打开 open            {hub.url}
  用户 user            {demo.username}
  密码 password        {demo.password}
  志愿者 volunteer      {hub.url}/v/{demo.link}/   ({demo.elder.helper.name})
  按铃 press a button  {press}   ({demo.elder.home})
"""


async def _check(settings: Settings) -> int:
    with tempfile.TemporaryDirectory(prefix="dongdong-check-") as folder:
        ports = shared.free_ports(2)
        private = replace(
            settings,
            data=Path(folder) / "data",
            http=replace(settings.http, host="127.0.0.1", port=ports[0]),
            mqtt=replace(settings.mqtt, host="127.0.0.1", port=ports[1]),
            tls_own=False,
            broker=None,
        )
        stop = asyncio.Event()
        async with asyncio.timeout(CHECK_MOST_S), _running(private, await prepare(private), stop) as (hub, demo):
            return await check(hub.url, demo)


@contextlib.asynccontextmanager
async def _running(settings: Settings, demo: Demo, stop: asyncio.Event) -> AsyncIterator[tuple[Hub, Demo]]:
    """The hub in this process and the buildings in others; all of it has ended when this has."""
    hub = Hub(settings)
    running = asyncio.create_task(hub.run())
    running.add_done_callback(lambda _: stop.set())
    buildings: asyncio.subprocess.Process | None = None
    try:
        serving = asyncio.create_task(hub.is_serving.wait())
        await asyncio.wait({running, serving}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            buildings = await _simulate(demo.fleet)
            yield hub, demo
    finally:
        if buildings is not None:
            assert buildings.stdin is not None
            buildings.stdin.close()
            await buildings.wait()
        hub.stop()
        await running


async def _simulate(fleet: Path) -> asyncio.subprocess.Process:
    """The simulated buildings, all connected; they end with our end of their standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "firmware_sim", "run", str(fleet), "--while-stdin-open"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us: we end the buildings, in order
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if json.loads(line)["event"] == "connected":
            break
    return process
