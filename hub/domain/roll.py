"""The roll: which people a rung names, of all who answer for something around an alert or are on shift."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from hub.domain.ladder import Reach, Rung, Who
from hub.domain.people import Assignment, Duty
from hub.domain.places import EVERYWHERE

Metres = Callable[[str], float]
"""How far a person has to walk, by person id; infinite where that is not known."""

_DUTY = {
    Who.HELPER: Duty.HELPER,
    Who.GROUP: Duty.GROUP,
    Who.FLOOR_HEAD: Duty.FLOOR_HEAD,
    Who.BUILDING_HEAD: Duty.BUILDING_HEAD,
    Who.GRID_LEADER: Duty.GRID_LEADER,
    Who.VOLUNTEER: Duty.VOLUNTEER,
    Who.DESK: Duty.DESK,
    Who.FAMILY: Duty.FAMILY,
}
_ON_SHIFT_ONLY = (Who.VOLUNTEER, Who.DESK)
_OF_ONE_GRID = (Who.GRID_LEADER, Who.VOLUNTEER)
"""Whoever leads or helps `all` does not answer for a grid."""
_NEAREST_FIRST = (Who.VOLUNTEER, Who.ON_SHIFT)


@dataclass(frozen=True, slots=True)
class Roll:
    """Who answers for what, in the order in which it was entered, and who is on shift at one instant."""

    assignments: Sequence[Assignment]
    on_shift: frozenset[str]

    def named(self, who: Iterable[Who], around: Collection[str], metres: Metres) -> list[str]:
        """The ids of the people whom a rung names for an alert: each once, in the order of `who`.

        `around` are the alert's home, unit, building, grid and `all`.
        """
        return list(dict.fromkeys(person for one in who for person in self._named(one, around, metres)))

    def _named(self, who: Who, around: Collection[str], metres: Metres) -> list[str]:
        if who is Who.ON_SHIFT:
            return sorted(self.on_shift, key=lambda one: (metres(one), one))
        if who is Who.EVERYONE:
            here = [one.person_id for one in self.assignments if one.place in around and one.duty is not Duty.FAMILY]
            return [*here, *self._named(Who.ON_SHIFT, around, metres)]
        named = [one.person_id for one in self.assignments if one.duty is _DUTY[who] and self._is_of(one, who, around)]
        return sorted(named, key=metres) if who in _NEAREST_FIRST else named

    def _is_of(self, one: Assignment, who: Who, around: Collection[str]) -> bool:
        return (
            one.place in around
            and (one.person_id in self.on_shift or who not in _ON_SHIFT_ONLY)
            and (one.place != EVERYWHERE or who not in _OF_ONE_GRID)
        )


def reach(rung: Rung, asked: Collection[str], unreachable: Collection[str]) -> Reach:
    """How many people the rung reaches, of those whom it asks. Only who is known to be out of reach counts less."""
    if not asked:
        return Reach.NOBODY
    return Reach.TOO_FEW if sum(one not in unreachable for one in asked) < rung.needed else Reach.ENOUGH
