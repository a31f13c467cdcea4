"""Live speech, from the microphone of a browser to the loudspeakers of simulated buildings.

    python -m tests.bench.live [--json] [--rounds 3] [--place grid-1]

Hub, broker, simulator and browser run as processes of their own. Mouth to ear is the lag between what the browser
gave its encoder, by the earliest instant at which it can have been said, and what each simulated loudspeaker
recorded, by cross-correlation; the capture device's 10 ms are counted in full. The simulated output has 80 ms of
buffer as the real one, but one clock for all: between buildings it only tests the arithmetic. Figures: BROADCAST.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from device_agent.core.hearing import compare
from device_agent.core.sounds import SAMPLE_RATE
from firmware_sim.recordings import played
from tests.bench.broadcast import Bench, running_bench
from tests.bench.report import Figure, median, percentile, show
from tests.device_agent.speech import CHECKUP, speak
from tests.end_to_end.pages_rig import chromium
from tests.world import speaker
from tests.world.speaker import Spoken, fake_microphone
from tests.world.waiting import wait_until

SPEAK_S = 8.0
OVER_S = 40.0
MOST_MS, APART_MS = 300.0, 1.0
LEAST_CORRELATION = 0.8
"""Of the median second; Opus alone gives 0.96, one in twenty frames lost 0.75 to 0.95."""


@dataclass
class Results:
    """What was recorded, a list a round."""

    lags_ms: list[list[float]] = field(default_factory=list)
    correlations: list[float] = field(default_factory=list)
    meant: int = 0

    def figures(self) -> list[Figure]:
        """What to show."""
        every = [lag for lags in self.lags_ms for lag in lags]
        apart = [max(lags) - min(lags) for lags in self.lags_ms if lags]
        most, wide = max(every, default=float("inf")), max(apart, default=float("inf"))
        wrong = self.meant - sum(one >= LEAST_CORRELATION for one in self.correlations)
        like = f"p50 {median(self.correlations):.3f}, least {min(self.correlations, default=0):.3f}"
        return [
            Figure("buildings that did not sound like it", f"{wrong} of {self.meant}", "0", wrong == 0),
            Figure("likeness to what was said", like),
            Figure(
                "mouth to ear",
                f"p50 {median(every):.0f} ms, p95 {percentile(every, 0.95):.0f} ms, most {most:.0f} ms",
                f"most <= {MOST_MS:.0f} ms",
                most <= MOST_MS,
            ),
            Figure("loudspeakers apart in a round", f"most {wide:.3f} ms", f"<= {APART_MS} ms", wide <= APART_MS),
        ]


async def measure(rounds: int, place: str) -> list[Figure]:
    """All of it."""
    results = Results()
    with tempfile.TemporaryDirectory(prefix="dongdong-bench-") as name:
        folder = Path(name)
        hearing = fake_microphone(folder / "said.wav", speak(CHECKUP))
        async with running_bench(folder) as bench, chromium(*hearing) as browser:
            page = await browser.new_page()
            await speaker.sign_in(page, bench.hub.url, bench.demo.username, bench.demo.password)
            costs: list[Figure] = []
            for _ in range(rounds):
                before = bench.costs()
                said = await speaker.speak(page, bench.hub.url, [place], "fire", SPEAK_S)
                costs = bench.spent("a round", before, SPEAK_S)
                await _note(bench, said, results)
    return [*results.figures(), *costs]


async def _note(bench: Bench, said: Spoken, results: Results) -> None:
    """Waits until every building is through with it, and reads their tapes."""
    path = f"/announcements/{said.announcement_id}"

    async def is_over() -> bool:
        counts = (await bench.api.get(path))["counts"]
        return not any(counts[one] for one in ("sent", "received", "verified", "ready", "playing"))

    await wait_until(is_over, "played everywhere", OVER_S, look_every_s=0.5)
    devices = [one["device"] for one in (await bench.api.get(path))["buildings"] if one["device"]]
    results.meant += len(devices)
    lags: list[float] = []
    for device in devices:
        tape = played(bench.fleet.data_dir / device, round(said.began_ms), len(said.pcm) + SAMPLE_RATE)
        correlation, lag_ms = await asyncio.to_thread(compare, said.pcm, tape)
        results.correlations.append(correlation)
        if correlation >= LEAST_CORRELATION:
            lags.append(lag_ms)
    results.lags_ms.append(lags)


def main() -> int:
    """Measures and shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", dest="is_json")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--place", default="grid-1")
    options = parser.parse_args()
    return show("Live speech", uvloop.run(measure(options.rounds, options.place)), is_json=options.is_json)


if __name__ == "__main__":
    sys.exit(main())
