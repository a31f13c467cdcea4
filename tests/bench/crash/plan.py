"""What goes wrong in a round, and when: decided by the seed alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WORK_S = 4.0
"""Within this time from the begin of a round everything goes wrong that does."""
LONGEST_DOWN_S = 1.5
"""A supervisor starts what has ended again within this."""
LONGEST_TROUBLE_S = 3.0
KILL, KILL_AGAIN = 0.75, 0.3
HUB, BROKER = "hub", "broker"


class What(StrEnum):
    """What can go wrong."""

    KILL = "kill"
    CUT = "cut"
    """The link of one building is cut."""
    DOUBLE = "double"
    """Everything on the link of one building travels twice."""
    STALL = "stall"
    """A process stands still."""
    SET = "set"
    """The wall clock of the hub is set by `lasts_s`, which may be negative."""


@dataclass(frozen=True, slots=True, order=True)
class Blow:
    """`target` is the hub, the broker, a process of agents, or one building. It is right again `lasts_s` later, but
    for a clock that was set.
    """

    at_s: float
    what: What
    target: str
    lasts_s: float

    def __str__(self) -> str:
        how = f" {self.lasts_s:.2f}" if self.what in (What.STALL, What.SET) else ""
        return f"{self.at_s:.2f} {self.what} {self.target}{how}"


def plan(seed: int, index: int, agents: Sequence[str], devices: Sequence[str]) -> list[Blow]:
    """The blows of one round in their order; one process at least is killed, and one of them perhaps twice."""
    rng = random.Random(f"{seed}/{index}")
    killed = [one for one in (HUB, BROKER, *agents) if rng.random() < KILL] or [HUB]
    if rng.random() < KILL_AGAIN:
        killed.append(rng.choice(killed))
    blows = [Blow(rng.uniform(0, WORK_S), What.KILL, one, rng.uniform(0, LONGEST_DOWN_S)) for one in killed]
    for device in rng.sample(devices, 2):
        trouble = rng.choice((What.CUT, What.DOUBLE))
        blows.append(Blow(rng.uniform(0, WORK_S), trouble, device, rng.uniform(0, LONGEST_TROUBLE_S)))
    return sorted(blows)
