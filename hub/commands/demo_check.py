"""dongdong demo --check: does the main job through the doors that everybody has, and shows what was observed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from hub.commands.community_of_demo import Demo

NOTICE = "清溪社区通知：因水管检修，明天8:30-17:00，3-5栋停水，请提前储水。有困难的老人请按铃，或拨打电话0737-4221234。"
BUILDINGS = 69
LEAST_CORRELATION = 0.9
"""A loudspeaker's recording against the file that was sent; only start and volume may differ."""
MOST_APART_MS = 1.0
"""In the median, as the broadcast bench holds it for simulated loudspeakers."""
CONNECTED_S, HEARD_S, STEP_S = 40.0, 60.0, 15.0
LOOK_EVERY_S = 0.1
T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `is_seen`: it was observed, in time and in full."""

    what: str
    measured: str
    is_seen: bool


class _NotSeen(Exception):
    """Something did not happen in time."""


class _Api:
    """The hub as any program sees it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = f"{url}/api/v1"

    async def get(self, path: str) -> Any:
        async with self._session.get(self._url + path) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def file(self, path: str) -> bytes:
        async with self._session.get(self._url + path) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def post(self, path: str, body: Mapping[str, object]) -> Json:
        async with self._session.post(self._url + path, json=dict(body)) as answer:
            answer.raise_for_status()
            return dict(await answer.json())


async def check(url: str, demo: Demo) -> int:
    """Prints the table; 0 only if every line of it was observed."""
    rows: list[Row] = []
    headers = {"Authorization": f"Bearer {demo.token}"}
    async with aiohttp.ClientSession(headers=headers, raise_for_status=False) as session:
        api = _Api(session, url)
        for part in (_buildings, _broadcast, _press):
            try:
                rows += await part(api, session, url, demo)
            except (_NotSeen, aiohttp.ClientError) as error:
                rows.append(Row(part.__name__.strip("_"), str(error), is_seen=False))
    width = max(len(row.what) for row in rows)
    for row in rows:
        print(f"  {'✓' if row.is_seen else '✗'} {row.what:<{width}}  {row.measured}")  # noqa: T201
    is_good = all(row.is_seen for row in rows)
    print("  全部做到了 · all of it was observed" if is_good else "  没有全部做到 · not all of it was observed")  # noqa: T201
    return 0 if is_good else 1


async def _buildings(api: _Api, _session: aiohttp.ClientSession, _url: str, _demo: Demo) -> list[Row]:
    began = time.monotonic()
    online = await _until(lambda: _online(api), lambda count: count == BUILDINGS, "buildings online", CONNECTED_S)
    return [
        Row("buildings heard from", f"{online} of {BUILDINGS} after {time.monotonic() - began:.1f} s", is_seen=True)
    ]


async def _online(api: _Api) -> int:
    return sum(device["link"] == "online" for device in await api.get("/devices"))


async def _broadcast(api: _Api, _session: aiohttp.ClientSession, _url: str, demo: Demo) -> list[Row]:
    """A notice in Chinese to everybody, until each building's own microphone has heard it."""
    clicked_ms = time.time() * 1e3
    made = await api.post("/announcements", {"text": NOTICE, "places": ["all"], "kind": "notice"})
    stored_ms = time.time() * 1e3
    path = f"/announcements/{made['id']}"
    timeout_s = made["duration_ms"] / 1e3 + HEARD_S
    with contextlib.suppress(_NotSeen):  # what is missing is in the rows below
        await _until(lambda: api.get(path), lambda seen: seen["counts"]["heard"] == BUILDINGS, "heard", timeout_s)
    seen = await api.get(path)
    counts, buildings = seen["counts"], seen["buildings"]
    started = sorted(one["started_ms"] for one in buildings if one["started_ms"])
    evidence = [one["evidence"]["correlation"] for one in buildings if one["heard"]]
    first_sound = f"{(started[0] - clicked_ms) / 1e3:.2f} s, last building {(started[-1] - clicked_ms) / 1e3:.2f} s"
    return [
        Row(
            "notice spoken and sent",
            f"{(stored_ms - clicked_ms) / 1e3:.2f} s for {made['duration_ms'] / 1e3:.1f} s",
            True,
        ),
        Row("click to first sound", first_sound if started else "none", len(started) == BUILDINGS),
        Row("played", f"{counts['played']} of {BUILDINGS}", counts["played"] == BUILDINGS),
        Row(
            "heard by their own microphones",
            f"{counts['heard']} of {BUILDINGS}" + (f", correlation {min(evidence):.2f} or more" if evidence else ""),
            counts["heard"] == BUILDINGS,
        ),
        *await _recordings(await api.file(f"{path}/audio"), made["play_at_ms"], demo.fleet),
    ]


async def _recordings(opus: bytes, at_ms: int, fleet: Path) -> list[Row]:
    """Every loudspeaker's WAV against the file that was sent."""
    with tempfile.NamedTemporaryFile(suffix=".ogg") as source:
        source.write(opus)
        source.flush()
        lines = await _simulator("compare", str(fleet), source.name, str(at_ms))
    found = [json.loads(line) for line in lines]
    good = [one for one in found if one["correlation"] >= LEAST_CORRELATION]
    least = min((one["correlation"] for one in found), default=0.0)
    middle = statistics.median(one["late_ms"] for one in good) if good else 0.0
    apart = [abs(one["late_ms"] - middle) for one in good]
    middle_ms = statistics.median(apart) if apart else float("inf")
    offsets = f"median {middle_ms:.2f} ms, most {max(apart):.2f} ms" if apart else "unknown"
    equal = f"{len(good)} of {BUILDINGS}, correlation {least:.3f} or more"
    return [
        Row("recordings equal to the source", equal, len(good) == BUILDINGS),
        Row("loudspeakers apart", offsets, len(good) == BUILDINGS and middle_ms <= MOST_APART_MS),
    ]


async def _press(api: _Api, session: aiohttp.ClientSession, url: str, demo: Demo) -> list[Row]:
    """An elder presses; the helper's phone hears of it; accepted, arrived, closed, and the elder told each time."""
    helper = demo.elder.helper.id
    async with _phone(session, f"{url}/v/{demo.link}/live") as heard:
        pressed_ms = time.time() * 1e3
        await _simulator("press", str(demo.fleet), demo.elder.device, demo.elder.button)
        alert = await _until(lambda: _alert(api, demo), lambda one: one is not None, "alert", STEP_S)
        assert alert is not None
        path = f"/alerts/{alert['id']}"
        notified = await _until(lambda: _notified(api, path, helper), bool, "helper notified", STEP_S)
        rang_s = await asyncio.wait_for(heard(alert["id"]), STEP_S)
    rows = [
        Row("press recorded", f"{alert['opened_ms'] - pressed_ms:.0f} ms after the hand", is_seen=True),
        Row("people notified", f"{len(notified)}, the helper's phone after {rang_s - pressed_ms / 1e3:.2f} s", True),
        await _told(demo, alert["id"], "recorded", alert["opened_ms"]),
    ]
    for step, becomes, body in (
        ("accept", "accepted", {"eta_minutes": 4}),
        ("arrive", "arrived", {}),
        ("close", "closed", {"outcome": "扶起来了，没有受伤", "seen": "door"}),
    ):
        at_ms = time.time() * 1e3
        state = (await api.post(f"{path}/{step}", {"by": helper, **body}))["state"]
        rows.append(Row(step, f"{time.time() * 1e3 - at_ms:.0f} ms", state == becomes))
        rows.append(await _told(demo, alert["id"], becomes, at_ms))
    return rows


async def _alert(api: _Api, demo: Demo) -> Json | None:
    alerts = await api.get("/alerts?state=open")
    return next((one for one in alerts if one["button"] == demo.elder.button), None)


async def _notified(api: _Api, path: str, helper: str) -> list[Json]:
    """The requests that a channel took, once the helper's is among them."""
    sent = [one for one in (await api.get(path))["notifications"] if one["state"] == "sent"]
    return sent if any(one["person"] and one["person"]["id"] == helper for one in sent) else []


@contextlib.asynccontextmanager
async def _phone(session: aiohttp.ClientSession, live: str) -> AsyncIterator[Callable[[str], Awaitable[float]]]:
    """The helper's page, open: gives a function that waits until the page shows an alert, and says when (Unix s)."""
    came, text, at_s = asyncio.Condition(), "", 0.0

    async def listen() -> None:
        nonlocal text, at_s
        async with session.get(live, timeout=aiohttp.ClientTimeout(total=None)) as stream:
            async for line in stream.content:
                async with came:
                    text, at_s = text + line.decode(), time.time()
                    came.notify_all()

    async def shows(alert_id: str) -> float:
        async with came:
            await came.wait_for(lambda: alert_id in text)
            return at_s

    listening = asyncio.create_task(listen())
    try:
        async with asyncio.timeout(STEP_S), came:
            await came.wait_for(lambda: bool(text))
        yield shows
    finally:
        listening.cancel()


async def _told(demo: Demo, alert_id: str, stage: str, since_ms: float) -> Row:
    """What the building itself wrote down when it told the elder."""
    file = demo.fleet.parent / "sim" / demo.elder.device / "told.jsonl"

    async def told() -> Json | None:
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        spoken = [one for one in lines if one["alert_id"] == alert_id and one["stage"] == stage and one["said"]]
        return next(iter(spoken), None)

    what = f"elder told: {stage}"
    try:
        line = await _until(told, lambda one: one is not None, what, STEP_S)
    except _NotSeen as error:
        return Row(what, str(error), is_seen=False)
    assert line is not None
    return Row(what, f"spoken {line['at_ms'] - since_ms:.0f} ms after", is_seen=True)


async def _until(look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool], what: str, timeout_s: float) -> T:
    """Looks until it is so; raises _NotSeen with what was seen last."""
    until = time.monotonic() + timeout_s
    while not is_so(seen := await look()):
        if time.monotonic() > until:
            last = seen if isinstance(seen, int) else "nothing"
            raise _NotSeen(f"{what}: not within {timeout_s:.0f} s (last {last})")
        await asyncio.sleep(LOOK_EVERY_S)
    return seen


async def _simulator(*arguments: str) -> Sequence[str]:
    """Runs a command of the simulator; its lines. Raises _NotSeen when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim", *arguments, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise _NotSeen(f"simulator: {' '.join(arguments[:1])} failed")
    return out.decode().splitlines()
