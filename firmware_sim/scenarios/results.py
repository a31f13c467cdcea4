"""What a scenario came to: figures, which of them hold, and how it went second by second."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from firmware_sim.light.orders import PressMade
from firmware_sim.scenarios.model import Hold, Scenario, Words


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `hold` says what it must be; `is_held` is None where nothing is asked of it."""

    zh: str
    en: str
    value: str
    hold: str = ""
    is_held: bool | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """How it was at one moment, seconds after the round's begin; CPU in shares of a core since the last sample."""

    at_s: float
    up: int
    counts: dict[str, int]
    pressed: int
    accepted: int
    hub_cpu: float
    hub_mb: float
    broker_cpu: float
    broker_mb: float


@dataclass(slots=True)
class RoundResult:
    """One round."""

    name: Words
    figures: list[Figure] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    accepted_ms: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Results:
    """All of it. `load` is the machine's at the begin and at the end, over one minute."""

    scenario: Scenario
    load: list[float] = field(default_factory=lambda: [os.getloadavg()[0]])
    cores: int = os.cpu_count() or 1
    rounds: list[RoundResult] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every figure that must hold does."""
        return all(figure.is_held is not False for one in self.rounds for figure in one.figures)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "holds": self.holds,
            "scenario": self.scenario.model_dump(),
            "machine": {"cores": self.cores, "load": self.load},
            "rounds": [
                {
                    "name": one.name.model_dump(),
                    "figures": [asdict(figure) for figure in one.figures],
                    "samples": [asdict(sample) for sample in one.samples],
                    "accepted_ms": [round(each, 2) for each in one.accepted_ms],
                }
                for one in self.rounds
            ],
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all lies at or below (nearest rank); NaN for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def at_most(zh: str, en: str, value: float | None, most: float | None, unit: str) -> Figure:
    """A figure that must not exceed `most`; None as a value means that it was never reached, which holds nothing."""
    shown = "—" if value is None else f"{value:.2f} {unit}" if unit == "s" else f"{value:.0f} {unit}"
    if most is None:
        return Figure(zh, en, shown)
    return Figure(zh, en, shown, f"≤ {most:g} {unit}", value is not None and value <= most)


def none_of(zh: str, en: str, wrong: int, all_: int) -> Figure:
    """A count that must be 0."""
    return Figure(zh, en, f"{wrong} / {all_}", "0", wrong == 0)


def of_presses(
    presses: Iterable[PressMade], notified_s: Mapping[str, float], hold: Hold
) -> tuple[list[Figure], list[float]]:
    """What became of presses: lost before their device is no loss of the hub's; after it, none may be.

    `notified_s` has by press id when somebody was first notified, where that is known.
    """
    every = list(presses)
    if not every:
        return [], []
    by_radio = sum(one.lost_before_device == "radio" for one in every)
    dark = sum(one.lost_before_device == "dark" for one in every)
    reached = [one for one in every if one.lost_before_device is None]
    lost = sum(one.accepted_s is None for one in reached)
    alerts: dict[str, set[str]] = {}
    for one in reached:
        alerts.setdefault(one.button, set()).update(one.alerts)
    doubled = sum(max(0, len(found) - 1) for found in alerts.values())
    taken = [1e3 * (one.accepted_s - one.at_s) for one in reached if one.accepted_s is not None]
    told = [1e3 * (notified_s[one.press_id] - one.at_s) for one in reached if one.press_id in notified_s]
    figures = [
        Figure("按铃", "presses made", str(len(every))),
        Figure("无线丢失，没到设备", "lost by radio, before the device", str(by_radio)),
        Figure("设备没电，没到设备", "made at a device without power", str(dark)),
        none_of("丢失", "presses lost", lost, len(reached)),
        none_of("变成两个呼叫", "presses doubled", doubled, len(reached)),
        *_times("按铃到“收到”", "press to accepted", taken, (hold.accepted_p50_ms, hold.accepted_p99_ms)),
    ]
    if notified_s:
        missing = len(reached) - len(told)
        figures += [
            none_of("没有通知到人", "presses of which nobody was notified", missing, len(reached)),
            *_times("按铃到通知人", "press to first notification", told, (hold.notified_p50_ms, hold.notified_p99_ms)),
        ]
    return figures, taken


def _times(zh: str, en: str, values_ms: Sequence[float], most_ms: tuple[float | None, float | None]) -> list[Figure]:
    """Median and 99th percentile."""
    return [
        at_most(f"{zh}，一半以内", f"{en}, p50", percentile(values_ms, 0.5), most_ms[0], "ms"),
        at_most(f"{zh}，99%", f"{en}, p99", percentile(values_ms, 0.99), most_ms[1], "ms"),
    ]
