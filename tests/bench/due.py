"""A thousand rungs that are due at the same instant: all claimed within a second, everybody notified once.

    python -m tests.bench.due [--alerts 1000] [--json]

A hub opens the alerts and asks the first people. It is stopped, every deadline is set to one instant, with the next
words to the elder at the same one, as they are in life; and a hub is started, which must be there in time. Claims are
read from its database, notifications at the push server that all people of the example community are given.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import uvloop

from hub.adapters.data_folder import DATABASE
from tests.bench.report import Figure, show
from tests.world.button import Buttons, client
from tests.world.community import DEVICE, Community, example_community
from tests.world.gateway import Gateway
from tests.world.hub_process import HubProcess
from tests.world.waiting import wait_until

CLAIMED_S = 1.0
"""ALERTS.md, invariant 4."""
OPENED_S, DONE_S = 120.0, 60.0
AHEAD_S = 12.0
"""The deadline is so far ahead of the hub's start; a machine on which a start takes longer gets another try."""
IN_TIME_S = 2.0
LOOK_EVERY_S = 0.005


async def measure(community: Community, folder: Path, alerts: int) -> list[Figure]:
    """Opens the alerts, lets them all be due, and looks."""
    async with Gateway() as gateway:
        settings = {"DONGDONG_NTFY": gateway.url, "DONGDONG_LOG_LEVEL": "warning"}
        hub = HubProcess(community.copy(folder / "hub"), settings)
        _write(hub, "UPDATE contact SET channel = 'ntfy', address = person_id")
        try:
            await _open(hub, gateway, community.password, alerts)
            due_ms = await _started_in_time(hub)
            gateway.posts.clear()
            return await _watch(hub, gateway, due_ms, alerts)
        finally:
            await hub.stop()


async def _open(hub: HubProcess, gateway: Gateway, password: str, alerts: int) -> None:
    """So many alerts, their first people asked, and the hub ended."""
    await hub.start()
    async with client(hub.mqtt_port, DEVICE, password) as connected:
        await Buttons(connected, DEVICE).burst("due", alerts)
    asked = "SELECT count(DISTINCT alert_id) FROM notification WHERE state = 'sent'"
    await wait_until(lambda: hub.rows(asked) == [(alerts,)], f"{alerts} alerts of which somebody knows", OPENED_S, 0.5)
    await hub.stop()


async def _started_in_time(hub: HubProcess) -> int:
    """The instant at which all is due, in Unix ms; a hub runs, and it is still to come."""
    ahead_s = AHEAD_S
    while True:
        due_ms = time.time_ns() // 1_000_000 + round(ahead_s * 1e3)
        _write(hub, "UPDATE notification SET state = 'sent', sent_ms = created_ms WHERE state = 'due'")
        _write(hub, f"UPDATE alert SET rung = 0, due_ms = {due_ms}, remind_ms = {due_ms}")
        await hub.start()
        if time.time_ns() // 1_000_000 < due_ms - IN_TIME_S * 1e3:
            return due_ms
        await hub.stop()
        ahead_s *= 2


async def _watch(hub: HubProcess, gateway: Gateway, due_ms: int, alerts: int) -> list[Figure]:
    claims = asyncio.create_task(asyncio.to_thread(_claims, hub.data / DATABASE, due_ms, alerts))
    claimed = await claims
    wanted = hub.rows("SELECT alert_id, person_id FROM notification WHERE created_ms >= ?", due_ms)
    await wait_until(lambda: len(gateway.posts) >= len(wanted), f"{len(wanted)} notifications", DONE_S)
    unsent = "SELECT count(*) FROM notification WHERE state = 'due'"
    await wait_until(lambda: hub.rows(unsent) == [(0,)], "all outcomes are stored", DONE_S, 0.5)
    now, now_ms = time.monotonic(), time.time_ns() / 1e6
    came = sorted(now_ms - (now - at) * 1e3 - due_ms for at, _ in gateway.posts)
    told = Counter((body["tags"][0], body["topic"]) for _, body in gateway.posts)
    again = sum(count - 1 for count in told.values()) + len(wanted) - len(set(wanted))
    missing = len(set(wanted) - told.keys())
    last_s = claimed[-1] / 1e3
    return [
        Figure("rungs due at once", str(alerts)),
        Figure("claimed: half of them, all of them", f"{claimed[alerts // 2] / 1e3:.2f} s, {last_s:.2f} s"),
        Figure("last claim after the deadline", f"{last_s:.2f} s", f"<= {CLAIMED_S:g} s", last_s <= CLAIMED_S),
        Figure("first and last notification", f"{came[0] / 1e3:.2f} s, {came[-1] / 1e3:.2f} s"),
        Figure("notified", f"{len(set(wanted)) - missing} of {len(set(wanted))}", "all", missing == 0 and bool(wanted)),
        Figure("notified twice", str(again), "0", again == 0),
    ]


def _claims(database: Path, due_ms: int, alerts: int) -> list[float]:
    """By count of claims, in ms after the deadline when so many were seen committed."""
    seen: list[float] = []
    query = "SELECT count(*) FROM alert WHERE due_ms IS NOT NULL AND due_ms <= ?"
    with closing(sqlite3.connect(database)) as connection:
        until = time.monotonic() + DONE_S
        while len(seen) < alerts and time.monotonic() < until:
            ((left,),) = connection.execute(query, (due_ms,)).fetchall()
            after_ms = time.time_ns() / 1e6 - due_ms
            seen += [after_ms] * (alerts - left - len(seen))
            time.sleep(LOOK_EVERY_S)
    if len(seen) < alerts:
        raise TimeoutError(f"only {len(seen)} of {alerts} claimed within {DONE_S:g} s")
    return seen


def _write(hub: HubProcess, statement: str) -> None:
    """Changes the database of a hub that does not run."""
    with closing(sqlite3.connect(hub.data / DATABASE)) as database, database:
        database.execute(statement)


def main() -> int:
    """Measures and shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", dest="is_json")
    parser.add_argument("--alerts", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dongdong-due-") as name:
        community = example_community(Path(name))
        figures = uvloop.run(measure(community, Path(name), options.alerts))
    return show("Due at once", figures, is_json=options.is_json)


if __name__ == "__main__":
    sys.exit(main())
