"""dongdong hub: runs the hub until it is told to end."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from typing import TYPE_CHECKING

import uvloop

from hub.adapters.broker import BrokerError
from hub.adapters.data_folder import held
from hub.app import Hub
from hub.commands import options as shared

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name

SWITCH_S = 0.0005
"""How long the database's thread and the event loop may keep each other waiting; with Python's 5 ms the median from
press to webhook at 50 presses a second rose from 7 to 11 ms on a busy machine of two cores."""

NEW_OBJECTS = 20_000
"""So many are made before it is looked for what can be thrown away. While 10,000 devices sent receipts, on two busy
cores, that was once or twice in half a second, for some 25 ms, 0.1 s at most. With Python's 700 it was 50 times and up
to 40 % of the time, since the devices that the hub knows were looked through again and again."""


def add_to(commands: Commands) -> None:
    """Adds the command."""
    parser = commands.add_parser("hub", help="运行中心 · run the hub")
    shared.add_serving(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Runs until SIGTERM or SIGINT; 1 with a sentence when it cannot begin."""
    settings = shared.settings(options)
    shared.set_up_logging(settings.log_level)
    try:
        with held(settings.data):
            uvloop.run(serve(Hub(settings)))
    except (BrokerError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks to its user
        return 1
    return 0


async def serve(hub: Hub) -> None:
    """Runs the hub with the two signals that end it in good order."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.set_threshold(NEW_OBJECTS)
    gc.freeze()  # what was imported stays: looking through it again and again would stop everything for 50-100 ms
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, hub.stop)
    await hub.run()
