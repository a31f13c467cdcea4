"""Looks at devices, hub and broker twice a second, and keeps what it saw."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from firmware_sim.scenarios.crowds import Crowds, total
from firmware_sim.scenarios.model import Words
from firmware_sim.scenarios.results import Figure, RoundResult, Sample
from firmware_sim.scenarios.world import Cost, World

VERIFIED = ("verified", "ready", "playing", "played", "interrupted", "superseded", "suppressed", "stopped", "failed")
"""States that a device's part has only after it has verified the manifest."""
ENDS = (*VERIFIED[3:], "expired", "rejected")

Progress = Callable[[str], None]


@dataclass(slots=True)
class _Costs:
    """Costs at one moment, to be compared with the next."""

    at_s: float
    by_kind: Mapping[str, Cost]

    def share(self, kind: str, later: _Costs) -> float:
        """Cores used between the two by this kind of process."""
        if kind not in self.by_kind or kind not in later.by_kind:
            return 0.0
        return (later.by_kind[kind].cpu_s - self.by_kind[kind].cpu_s) / max(later.at_s - self.at_s, 1e-6)


class Watch:
    """Looks at everything twice a second and keeps what it saw."""

    def __init__(self, name: Words, world: World, crowds: Crowds, progress: Progress) -> None:
        self.result = RoundResult(name)
        self.now = total([])
        self._world = world
        self._crowds = crowds
        self._progress = progress
        self._simulator_s = 0.0
        self._simulator_first_s: float | None = None
        self._begun_s = time.monotonic()
        self._first = self._last = _Costs(self._begun_s, world.costs())

    @property
    def passed_s(self) -> float:
        """Seconds since the round's begin."""
        return time.monotonic() - self._begun_s

    async def look(self, counts: Mapping[str, int]) -> Sample:
        """One look; `counts` are the hub's of the announcement."""
        states = await self._crowds.state()
        self.now = total(states)
        self._simulator_s = sum(one.cpu_s for one in states)
        self._simulator_first_s = self._simulator_s if self._simulator_first_s is None else self._simulator_first_s
        costs = _Costs(time.monotonic(), self._world.costs())
        empty = Cost(0.0, 0.0)
        sample = Sample(
            at_s=round(self.passed_s, 2),
            up=self.now["up"],
            counts={state: count for state, count in counts.items() if count},
            pressed=self.now["pressed"],
            accepted=self.now["accepted"],
            hub_cpu=round(self._last.share("hub", costs), 3),
            hub_mb=round(costs.by_kind.get("hub", empty).memory_mb, 1),
            broker_cpu=round(self._last.share("broker", costs), 3),
            broker_mb=round(costs.by_kind.get("broker", empty).memory_mb, 1),
        )
        self._last = costs
        self.result.samples.append(sample)
        self._progress(_line(self.result.name, sample, self.now["devices"]))
        return sample

    def cost_figures(self) -> list[Figure]:
        """What hub and broker have used since the begin, where they were started here."""
        names = (("hub", "中心", "hub"), ("broker", "消息服务器", "broker"))
        figures = []
        for kind, zh, en in names:
            if kind in self._last.by_kind and kind in self._first.by_kind:
                used_s = self._last.by_kind[kind].cpu_s - self._first.by_kind[kind].cpu_s
                most = max((getattr(one, f"{kind}_mb") for one in self.result.samples), default=0.0)
                value = f"{used_s:.1f} s CPU / {self.passed_s:.0f} s, {most:.0f} MB"
                figures.append(Figure(f"{zh}：CPU 和内存", f"{en}: CPU and memory", value))
        used_s = self._simulator_s - (self._simulator_first_s or 0.0)
        figures.append(Figure("模拟设备：CPU", "simulated devices: CPU", f"{used_s:.1f} s / {self.passed_s:.0f} s"))
        return figures


def verified(counts: Mapping[str, int]) -> int:
    """How many devices have verified the manifest, whatever they did after it."""
    return sum(counts.get(state, 0) for state in VERIFIED)


def finished(counts: Mapping[str, int]) -> int:
    """How many devices have come to an end with the announcement."""
    return sum(counts.get(state, 0) for state in ENDS)


def _line(name: Words, sample: Sample, devices: int) -> str:
    """The moment in one line."""
    parts = [f"{name}  {sample.at_s:5.1f} s", f"在线 online {sample.up}/{devices}"]
    if sample.counts:
        parts.append(f"已核验 verified {verified(sample.counts)}  播完 ended {finished(sample.counts)}")
    if sample.pressed:
        parts.append(f"按铃 presses {sample.accepted}/{sample.pressed}")
    return "  ".join(parts)
