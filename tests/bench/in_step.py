"""How far loudspeakers are apart, and how soon a warning takes over, on real ALSA streams while both cores are busy.

A hub with its broker, three real agents whose system clocks are minutes wrong, and a fourth loudspeaker on which
higher sounds take over from lower ones. All four are channels of one PulseAudio null sink, recorded on its one clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from numpy.typing import NDArray

from device_agent.core.sounds import SAMPLE_RATE
from firmware_sim.fleet import load
from hub.commands.community_of_demo import Demo
from tests.bench.pre_empting import STEADY_S, delays_ms
from tests.bench.report import Figure, median, percentile
from tests.world.api import Api
from tests.world.hub_process import HubProcess
from tests.world.sound_card import SoundCard
from tests.world.waiting import wait_until

SKEWS_S = (0.0, 210.0, -370.0)
"""One agent for each: how wrong its system clock is."""
ANNOUNCEMENTS = 3
TEXT = "清溪社区通知：因水管检修，第{}次，明天8:30-17:00停水，请提前储水。有困难的老人请按铃，或拨打电话0737-4221234。"
TAKE_OVERS = 40
WINDOW_S = 0.5
MOST_APART_S = 0.02
LEAST_LEVEL = 300.0  # of a window that holds speech
MOST_MEDIAN_MS, MOST_P95_MS, MOST_TAKE_OVER_MS = 0.15, 0.5, 60.0


async def measure(folder: Path, hub: HubProcess, demo: Demo) -> list[Figure]:
    """All of it; the hub serves the example community, none of whose buildings runs otherwise."""
    card = SoundCard(folder, len(SKEWS_S) + 1)
    recording = folder / "recording.raw"
    devices = [one.device for one in load(demo.fleet).buildings][: len(SKEWS_S)]
    card.plug_in()
    try:
        async with _agents(folder, demo, card, devices) as agents, aiohttp.ClientSession() as session:
            api = Api(session, hub.url, demo.token)
            await wait_until(lambda: _are_online(api, devices), "the agents are online", 30)
            with _busy_cores(), card.recording(recording):
                rival = await _python(card, "pre_empting", f"loudspeaker-{len(SKEWS_S) + 1}", str(TAKE_OVERS))
                await asyncio.sleep(STEADY_S)
                for one in range(ANNOUNCEMENTS):
                    await _announce(api, devices, TEXT.format(one + 1))
                took_over = json.loads((await rival.communicate())[0])
                busy = os.getloadavg()[0]
            ends = [await _end(agent) for agent in agents]
    finally:
        card.unplug()
    *together, alone = card.channels(recording)
    delays = delays_ms(alone, took_over["marked_s"], took_over["handed_over_s"])
    apart = [lag for pair in combinations(together, 2) for lag in offsets_ms(*pair)]
    gaps = [end["underruns"] for end in ends] + [took_over["underruns"]]
    errors = ", ".join(f"{end['clock_error_ms']:+.2f}" for end in ends)
    how = f"load {busy:.1f}, gaps {gaps}, clocks learned {errors} ms off" + (
        "" if card.is_first else ", the card without real-time priority"
    )
    return [_apart(apart, how), _taken_over(delays, how)]


def offsets_ms(one: NDArray[np.int16], other: NDArray[np.int16]) -> list[float]:
    """How much later (ms) the other channel plays the same, for each window in which both have sound.

    By the peak of their cross-correlation, between the samples by the parabola through its neighbours.
    """
    size, most = round(WINDOW_S * SAMPLE_RATE), round(MOST_APART_S * SAMPLE_RATE)
    offsets = []
    for at in range(0, len(one) - size, size):
        first, second = one[at : at + size].astype(float), other[at : at + size].astype(float)
        if min(first.std(), second.std()) < LEAST_LEVEL:
            continue
        spectrum = np.conj(np.fft.rfft(first, 2 * size)) * np.fft.rfft(second, 2 * size)
        near = np.roll(np.fft.irfft(spectrum), most)[: 2 * most + 1]
        peak = int(np.argmax(near))
        before, top, after = near[[max(0, peak - 1), peak, min(2 * most, peak + 1)]]
        curve = before - 2 * top + after
        between = 0.5 * (before - after) / curve if curve else 0.0
        offsets.append(float(1e3 * (peak - most + between) / SAMPLE_RATE))
    return offsets


def _apart(offsets: Sequence[float], how: str) -> Figure:
    sizes = [abs(one) for one in offsets]
    middle, p95 = median(sizes), percentile(sizes, 0.95)
    return Figure(
        "ALSA: loudspeakers apart, clocks minutes wrong",
        f"median {middle:.3f} ms, p95 {p95:.3f} ms, most {max(sizes, default=0):.2f} ms of {len(sizes)} ({how})",
        f"median <= {MOST_MEDIAN_MS} ms, p95 <= {MOST_P95_MS} ms",
        middle <= MOST_MEDIAN_MS and p95 <= MOST_P95_MS,
    )


def _taken_over(delays: Sequence[float], how: str) -> Figure:
    middle, p95, most = median(delays), percentile(delays, 0.95), max(delays, default=float("inf"))
    return Figure(
        "ALSA: hand-over to the lower sound silent",
        f"p50 {middle:.1f} ms, p95 {p95:.1f} ms, most {most:.1f} ms of {len(delays)} ({how})",
        f"most <= {MOST_TAKE_OVER_MS:.0f} ms",
        most <= MOST_TAKE_OVER_MS,
    )


async def _are_online(api: Api, devices: Sequence[str]) -> bool:
    known = {one["id"]: one["link"] for one in await api.get("/devices")}
    return all(known[one] == "online" for one in devices)


async def _announce(api: Api, devices: Sequence[str], text: str) -> None:
    """To the agents' buildings, until it was played in all of them."""
    places = [one["place"] for one in await api.get("/devices") if one["id"] in devices]
    made = await api.post("/announcements", {"text": text, "places": places, "kind": "routine"})
    await asyncio.sleep(made["duration_ms"] / 1e3)

    async def is_over() -> bool:
        counts = (await api.get(f"/announcements/{made['id']}"))["counts"]
        return bool(counts["played"] == len(devices))

    await wait_until(is_over, "played by all agents", 30)


@contextlib.asynccontextmanager
async def _agents(
    folder: Path, demo: Demo, card: SoundCard, devices: Sequence[str]
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    processes = [
        await _python(
            *(card, "loud_agent", str(demo.fleet), device, f"loudspeaker-{one + 1}"),
            *(str(SKEWS_S[one]), str(folder / device)),
        )
        for one, device in enumerate(devices)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _end(agent: asyncio.subprocess.Process) -> dict[str, Any]:
    out, _ = await agent.communicate(b"")
    return dict(json.loads(out.splitlines()[-1]))


async def _python(card: SoundCard, module: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.bench.{module}", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "ALSA_CONFIG_PATH": card.config_path},
    )


@contextlib.contextmanager
def _busy_cores() -> Iterator[None]:
    """A process a core that does nothing but compute."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
