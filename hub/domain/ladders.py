"""升级方案: where, for which alerts and at which hours a ladder holds, and which one holds for an alert."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from hub.domain.alerts import Kind
from hub.domain.errors import Invalid
from hub.domain.ladder import Ladder, Rung
from hub.domain.wall_clock import MINUTES_A_DAY

MAX_NAME, MAX_RUNGS, MAX_NEEDED = 60, 10, 10
MIN_WAIT_MS, MAX_WAIT_MS = 10_000, 30 * 60_000
"""Less than ten seconds nobody can answer in; after half an hour of waiting nobody comes."""


@dataclass(frozen=True, slots=True)
class LadderRule:
    """A ladder that staff have written down. It holds at `place` (a slug, or the id of a home) and all inside it.

    `kind` None means every kind of alert. The hours run from `from_minute` to `to_minute` after midnight in the
    community's time zone, over midnight where `to_minute` is the smaller one; equal ones mean all day.
    """

    id: str
    name: str
    place: str
    kind: Kind | None
    from_minute: int
    to_minute: int
    rungs: Ladder
    version: int = 1

    @property
    def is_all_day(self) -> bool:
        """Whether it holds at every hour."""
        return self.from_minute == self.to_minute

    def holds_at(self, minute: int) -> bool:
        """Whether it holds at this minute of the day."""
        return is_within(minute, self.from_minute, self.to_minute)


def is_within(minute: int, from_minute: int, to_minute: int) -> bool:
    """Whether a minute of the day lies in these hours: over midnight where they end earlier, all day where equal."""
    if from_minute < to_minute:
        return from_minute <= minute < to_minute
    return from_minute == to_minute or minute >= from_minute or minute < to_minute


def chosen(rules: Iterable[LadderRule], around: Sequence[str], kind: Kind, minute: int) -> LadderRule | None:
    """The rule that holds for an alert: of the narrowest place, then for its very kind, then for the hour.

    `around` are the alert's home and the places that hold it, the narrowest first; None: the default ladder holds.
    """
    holding = [one for one in rules if one.place in around and one.kind in (None, kind) and one.holds_at(minute)]
    return min(
        holding,
        key=lambda one: (around.index(one.place), one.kind is None, one.is_all_day, one.id),
        default=None,
    )


def checked(rule: LadderRule, known: Collection[str], others: Iterable[LadderRule]) -> LadderRule:
    """The rule as it can be stored; raises Invalid with a key that says what to change.

    `known` are all slugs and ids of homes, `others` the rules that are stored beside it.
    """
    rule = replace(rule, name=rule.name.strip())
    if not rule.name:
        raise Invalid("name_missing")
    if len(rule.name) > MAX_NAME:
        raise Invalid("name_too_long", most=MAX_NAME)
    if rule.place not in known:
        raise Invalid("unknown_place", place=rule.place)
    if not (0 <= rule.from_minute < MINUTES_A_DAY and 0 <= rule.to_minute < MINUTES_A_DAY):
        raise Invalid("hours_out_of_range")
    if not 1 <= len(rule.rungs) <= MAX_RUNGS:
        raise Invalid("rungs_out_of_range", most=MAX_RUNGS)
    for number, rung in enumerate(rule.rungs, start=1):
        _check_rung(rung, number)
    for other in others:
        if other.id != rule.id and _collide(rule, other):
            raise Invalid("ladder_collides", name=other.name)
    return rule


def _check_rung(rung: Rung, number: int) -> None:
    if not rung.who:
        raise Invalid("rung_asks_nobody", number=number)
    if rung.channels is not None and not rung.channels:
        raise Invalid("rung_has_no_channel", number=number)
    if not MIN_WAIT_MS <= rung.wait_ms <= MAX_WAIT_MS:
        raise Invalid(
            "rung_wait_out_of_range", number=number, least=MIN_WAIT_MS // 1000, most_minutes=MAX_WAIT_MS // 60_000
        )
    if not 1 <= rung.needed <= MAX_NEEDED:
        raise Invalid("rung_needed_out_of_range", number=number, most=MAX_NEEDED)


def _collide(one: LadderRule, other: LadderRule) -> bool:
    """Whether no order of ours says which of the two holds at some minute."""
    if (one.place, one.kind, one.is_all_day) != (other.place, other.kind, other.is_all_day):
        return False
    return one.holds_at(other.from_minute) or other.holds_at(one.from_minute)
