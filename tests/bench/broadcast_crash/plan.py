"""What is announced and what goes wrong in a round, and when: decided by the seed alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bench.crash.plan import BROKER, HUB, Blow, What

PLAY_AT_S = 5.0
"""From the begin of a round to the agreed instant of what is announced ahead."""
SOUND_S = 7.0
"""About as long as what is announced sounds."""
DARK, KILL, ALARM, TROUBLE = 0.3, 0.5, 0.4, 0.3
"""How often neither hub nor broker is there at the instant, each is killed otherwise, a warning interrupts, and the
link of a building is cut or doubles everything."""
STALL, STALL_S = 0.3, (0.5, 4.0)
"""How often the process of some buildings stands still while it sounds, and for how long: a gap of more than 0.25 s is
no `played` any more."""
SET, SET_S = 0.3, (0.1, 8.0)
"""How often the hub's clock is set, and by how much, either way."""
SKEW_MS = 180_000
"""The wall clocks of the buildings are stepped by up to this much either way at the begin of a round."""
KINDS, ALARMS = ("routine", "notice", "blue", "yellow"), ("orange", "red")
WORDS = (
    "明天上午停水检修",
    "请大家提前储水",
    "社区医院免费量血压",
    "晚上有大风大雨",
    "请收好阳台上的花盆",
    "电梯今天下午保养",
    "楼道里不要停电动车",
    "陌生电话要钱不要信",
    "周末广场放电影",
    "快递放在东门岗亭",
    "老年食堂中午供应饺子",
    "请关好门窗再出门",
)


@dataclass(frozen=True, slots=True)
class Round:
    """`alarm_s` is when a warning of the kind `alarm` is announced, which plays at once; None: there is none."""

    kind: str
    text: str
    alarm: str
    alarm_text: str
    alarm_s: float | None
    skew_ms: tuple[float, ...]
    blows: tuple[Blow, ...]

    @property
    def set_s(self) -> float:
        """By how much the hub's clock is set in it; 0 where it is not."""
        return sum(one.lasts_s for one in self.blows if one.what is What.SET)


def plan(seed: int, index: int, agents: Sequence[str], devices: Sequence[str]) -> Round:
    """One round; at least one process is killed in it."""
    rng = random.Random(f"{seed}/{index}")
    round_ = _round(rng, agents, devices)
    blows = [*round_.blows]
    if rng.random() < STALL:
        at_s = PLAY_AT_S + rng.uniform(-0.5, SOUND_S)
        blows.append(Blow(at_s, What.STALL, rng.choice(agents), rng.uniform(*STALL_S)))
    if rng.random() < SET:
        blows.append(Blow(_instant(rng), What.SET, HUB, rng.choice((-1, 1)) * rng.uniform(*SET_S)))
    return replace(round_, blows=tuple(sorted(blows)))


def _round(rng: random.Random, agents: Sequence[str], devices: Sequence[str]) -> Round:
    words = rng.sample(WORDS, 5)
    blows = list(_dark(rng)) if rng.random() < DARK else []
    blows += [_kill(rng, one) for one in (*agents, *([] if blows else (HUB, BROKER))) if rng.random() < KILL]
    blows = blows or [_kill(rng, rng.choice(agents))]
    if rng.random() < TROUBLE:
        trouble = rng.choice((What.CUT, What.DOUBLE))
        blows.append(Blow(_instant(rng), trouble, rng.choice(devices), rng.uniform(0.0, 3.0)))
    return Round(
        kind=rng.choice(KINDS),
        text="，".join(words[:3]),
        alarm=rng.choice(ALARMS),
        alarm_text="，".join(words[3:]),
        alarm_s=PLAY_AT_S + rng.uniform(0.5, 4.0) if rng.random() < ALARM else None,
        skew_ms=tuple(rng.uniform(-SKEW_MS, SKEW_MS) for _ in devices),
        blows=tuple(sorted(blows)),
    )


def _dark(rng: random.Random) -> tuple[Blow, Blow]:
    """The hub, and then its broker, which nobody starts again until the hub is back after all of it."""
    at_s = rng.uniform(1.5, PLAY_AT_S - 1.0)
    return (
        Blow(at_s, What.KILL, HUB, PLAY_AT_S + SOUND_S - at_s),
        Blow(at_s + 0.2, What.KILL, BROKER, 0.0),
    )


def _kill(rng: random.Random, target: str) -> Blow:
    return Blow(_instant(rng), What.KILL, target, rng.uniform(0.0, 2.0))


def _instant(rng: random.Random) -> float:
    """Before the agreed instant, around it, or in the middle of the sound, equally often."""
    near_s = PLAY_AT_S - 1.5
    return rng.uniform(*rng.choice(((0.2, near_s), (near_s, PLAY_AT_S + 0.3), (PLAY_AT_S, PLAY_AT_S + SOUND_S))))
