"""Who is asked, and when: the rungs of a ladder, and the people whom a rung reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub.domain.people import Assignment, Duty
from hub.domain.places import EVERYWHERE


class Who(StrEnum):
    """Whom a rung asks."""

    PLACE = "place"  # helpers of the home, head of the building, and the duty desk
    GRID = "grid"  # leader of the grid, and its volunteers on shift
    ON_DUTY = "on_duty"  # everyone on shift, and everyone of the rungs below


@dataclass(frozen=True, slots=True)
class Rung:
    """Asks `who`, then waits `wait_ms` for an acceptance before the next rung."""

    who: Who
    wait_ms: int


Ladder = tuple[Rung, ...]

DEFAULT: Ladder = (Rung(Who.PLACE, 45_000), Rung(Who.GRID, 45_000), Rung(Who.ON_DUTY, 120_000))
"""Rungs at 0, 45 and 90 s (ALERTS.md); the last one repeats every 120 s until somebody accepts."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Who answers for what, and who is on shift now: all that is needed to call a ladder's names."""

    assignments: tuple[Assignment, ...]
    on_shift: frozenset[str]

    def asked(self, who: Who, places: Collection[str]) -> list[str]:
        """The people whom this kind of rung asks for an alert lying in `places`, each once, in a stable order.

        `places` are the alert's home, building, grid and `all`.
        """
        return list(dict.fromkeys(one.person_id for one in self.assignments if self._answers(one, who, places)))

    def _answers(self, one: Assignment, who: Who, places: Collection[str]) -> bool:
        is_here, is_on_shift = one.place in places, one.person_id in self.on_shift
        of_place = is_here and (
            one.duty in (Duty.HELPER, Duty.BUILDING_HEAD) or (one.duty is Duty.DESK and is_on_shift)
        )
        of_grid = (
            is_here
            and one.place != EVERYWHERE
            and (one.duty is Duty.GRID_LEADER or (one.duty is Duty.VOLUNTEER and is_on_shift))
        )
        match who:
            case Who.PLACE:
                return of_place
            case Who.GRID:
                return of_grid
            case Who.ON_DUTY:
                return of_place or of_grid or is_on_shift


def next_rung(ladder: Ladder, current: int, is_empty: Sequence[bool]) -> int:
    """The rung after `current` that has somebody on it; the last rung repeats, whoever is on it.

    `is_empty[i]` says that rung i reaches nobody: it is left at once, no wait is spent on it (invariant 5).
    """
    last = len(ladder) - 1
    above: Iterable[int] = range(min(current + 1, last), last)
    return next((index for index in above if not is_empty[index]), last)
