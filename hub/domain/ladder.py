"""The ladder: whom its rungs ask, how long each waits, and which rung comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hub.domain.people import ChannelName, Contact, Person


class Who(StrEnum):
    """Whom a rung asks."""

    HELPER = "helper"  # 结对帮扶: the helpers of this home
    GROUP = "group"  # 互助小组: the group that answers for this home or building
    FLOOR_HEAD = "floor_head"  # 楼层长
    BUILDING_HEAD = "building_head"  # 楼栋长
    GRID_LEADER = "grid_leader"  # 网格长
    VOLUNTEER = "volunteer"  # 志愿者 of the grid who are on shift, the nearest first
    DESK = "desk"  # 社区值班台, who is on shift there
    ON_SHIFT = "on_shift"  # everyone on shift, the nearest first
    FAMILY = "family"  # 家属 of this home
    EVERYONE = "everyone"  # 红哨子: everyone of the place and everyone on shift, and the building's loudspeaker


@dataclass(frozen=True, slots=True)
class Rung:
    """Asks `who` through `channels` (None: every way they have), then waits `wait_ms` before the next rung.

    The asking goes on until `needed` people have accepted.
    """

    who: tuple[Who, ...]
    wait_ms: int
    channels: tuple[ChannelName, ...] | None = None
    needed: int = 1

    @property
    def is_aloud(self) -> bool:
        """Whether the building's loudspeaker calls too."""
        return Who.EVERYONE in self.who

    def ways_to(self, person: Person) -> list[Contact]:
        """The ways in which this rung reaches the person; nothing when it does not."""
        return [one for one in person.contacts if self.channels is None or one.channel in self.channels]


Ladder = tuple[Rung, ...]

DEFAULT: Ladder = (
    Rung((Who.HELPER, Who.GROUP, Who.FLOOR_HEAD, Who.BUILDING_HEAD, Who.DESK), 45_000),
    Rung((Who.GRID_LEADER, Who.VOLUNTEER), 45_000),
    Rung((Who.ON_SHIFT,), 60_000),
    Rung((Who.EVERYONE,), 120_000),
)
"""Rungs at 0, 45, 90 and 150 s, the last one repeated every 120 s until somebody accepts (ALERTS.md)."""


class Reach(StrEnum):
    """How many people a rung reaches."""

    NOBODY = "nobody"  # left at once
    TOO_FEW = "too_few"  # fewer than it needs are not known to be out of reach: the next is asked as well
    ENOUGH = "enough"


Reaching = Callable[[int], Reach]
"""How many people a rung reaches, by its index; asked for the rungs that come into question only."""


Unasked = Callable[[int], bool]
"""Whether a rung reaches somebody whom nobody has asked, by its index; asked for the rungs below the next only."""


@dataclass(frozen=True, slots=True)
class Climb:
    """A step on the ladder: the rungs asked now, the last of them where the alert stands then, and those left out."""

    asked: tuple[int, ...]
    empty: tuple[int, ...]

    @property
    def rung(self) -> int:
        """Where the alert stands after it."""
        return self.asked[-1]


def climb(ladder: Ladder, current: int, reaching: Reaching, unasked: Unasked) -> Climb:
    """What is asked after the rung `current` (-1: nothing yet): the first above that reaches somebody.

    Where that reaches too few, the one above it as well (invariant 5). The last rung repeats, whoever is on it; a
    ladder that has become shorter goes on with its last one. With it those below are asked that hold somebody unasked:
    another ladder holds since the hour, or staff have changed it, or people have come. So nobody is skipped, and
    nobody above waits for it.
    """
    last = len(ladder) - 1
    following = min(current + 1, last)
    asked = [index for index in range(following) if unasked(index)]
    empty: list[int] = []
    for index in range(following, last):
        reach = reaching(index)
        (empty if reach is Reach.NOBODY else asked).append(index)
        if reach is Reach.ENOUGH:
            return Climb(tuple(asked), tuple(empty))
    return Climb((*asked, last), tuple(empty))


def rung_at(ladder: Ladder, index: int) -> Rung:
    """The rung with this index; the last one of a ladder that has become shorter."""
    return ladder[min(index, len(ladder) - 1)]
