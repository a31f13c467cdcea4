"""The coming week of a ladder as strips: one a rung, with its gaps as pictures and as words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.domain.coverage import Coverage, Gap
from hub.domain.ladder import Rung
from hub.domain.ladders import LadderRule
from hub.services.ladders import DEFAULT_ID

MINUTE_MS = 60_000
DAY_MINUTES = 24 * 60
MOST_WORDS = 4
"""So many gaps are put into words; how many more there are is said."""
MOST_PLACES = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """A gap, `x` and `width` in minutes of the strip; `places` are the names of some, `more` how many others."""

    x: int
    width: int
    from_ms: int
    until_ms: int
    places: tuple[str, ...]
    more: int
    is_nobody: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """A rung and its gaps."""

    number: int
    rung: Rung
    stretches: tuple[Stretch, ...]
    is_last: bool

    @property
    def words(self) -> tuple[Stretch, ...]:
        """Those that are put into words."""
        return self.stretches[:MOST_WORDS]

    @property
    def more(self) -> int:
        """How many are not."""
        return len(self.stretches) - len(self.words)


@dataclass(frozen=True, slots=True)
class Shown:
    """A ladder as its card shows it. `days_ms` are the seven midnights of the strip, `nobody` the worst gaps."""

    rule: LadderRule
    is_default: bool
    where: str
    strips: tuple[Strip, ...]
    nobody: Strip
    width: int
    days: tuple[tuple[int, int], ...]


def shown(rule: LadderRule, week: Coverage, names: Mapping[str, str], first_midnight_ms: int) -> Shown:
    """The card of a ladder; `names` of all places and homes that its gaps name, `first_midnight_ms` in the week."""
    last = len(rule.rungs) - 1
    strips = [
        Strip(index + 1, rule.rungs[index], _stretches(gaps, week, names), index == last)
        for index, gaps in enumerate(week.rungs)
    ]
    midnights = range(first_midnight_ms, week.until_ms, DAY_MINUTES * MINUTE_MS)
    return Shown(
        rule=rule,
        is_default=rule.id == DEFAULT_ID,
        where=names.get(rule.place, rule.place),
        strips=tuple(strips),
        nobody=Strip(0, rule.rungs[last], _stretches(week.nobody, week, names), is_last=True),
        width=(week.until_ms - week.from_ms) // MINUTE_MS,
        days=tuple(((at - week.from_ms) // MINUTE_MS, at) for at in midnights),
    )


def _stretches(gaps: Sequence[Gap], week: Coverage, names: Mapping[str, str]) -> tuple[Stretch, ...]:
    return tuple(
        Stretch(
            x=(gap.from_ms - week.from_ms) // MINUTE_MS,
            width=max(1, (gap.until_ms - gap.from_ms) // MINUTE_MS),
            from_ms=gap.from_ms,
            until_ms=gap.until_ms,
            places=tuple(names.get(one, one) for one in gap.places[:MOST_PLACES]),
            more=max(0, len(gap.places) - MOST_PLACES),
            is_nobody=gap.is_nobody,
        )
        for gap in gaps
    )
