"""The score of a span of days: how fast calls were accepted and reached, per grid and hour, exercises apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.domain.errors import Invalid
from hub.domain.places import PlaceKind, lineage
from hub.domain.score import HOURS, Call, Tally, accepted_by, by, decided, hour_of, tally
from hub.services.ports import Tx

DAY_MS = 24 * 3_600_000
MOST_DAYS = 366
CURVE_S = tuple(range(0, 181, 10))
"""The seconds for which the share of calls accepted by then is told: up to the last rung and a little more."""


@dataclass(frozen=True, slots=True)
class GridScore:
    """A grid's figures; `name` and `slug` are empty for calls that lie in no grid."""

    slug: str
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Reached:
    """How many calls had been accepted so many seconds after the press."""

    after_s: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of real calls, or of exercises. `by_hour` has 24, by the hour of the press in the community."""

    total: Tally
    by_grid: tuple[GridScore, ...]
    by_hour: tuple[Tally, ...]
    curve: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class ScoreView:
    """Calls opened since `since_ms`; those of which it is not known yet whether they are late are left out."""

    days: int
    since_ms: int
    real: Part
    exercises: Part


def score_view(tx: Tx, now_ms: int, days: int) -> ScoreView:
    """The score of the last so many days, 1 to MOST_DAYS, from the journal alone. Raises Invalid."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("days_out_of_range", most=MOST_DAYS)
    since_ms = now_ms - days * DAY_MS
    calls = decided(tx.alerts.calls(since_ms), now_ms)
    return ScoreView(
        days=days,
        since_ms=since_ms,
        real=_part(tx, [one for one in calls if not one.is_exercise]),
        exercises=_part(tx, [one for one in calls if one.is_exercise]),
    )


def _part(tx: Tx, calls: Sequence[Call]) -> Part:
    places, timezone = tx.places.places(), tx.places.community().timezone
    grids = [place for place in places.values() if place.kind is PlaceKind.GRID]
    slugs = {one.slug for one in grids}
    grid_of = {
        place: next((slug for slug in lineage(places, place) if slug in slugs), "")
        for place in {one.place for one in calls}
    }
    empty = tally([])
    by_grid = by(calls, lambda call: grid_of[call.place])
    by_hour = by(calls, lambda call: hour_of(call, timezone))
    outside = [GridScore("", "", by_grid[""])] if "" in by_grid else []
    return Part(
        total=tally(calls),
        by_grid=(*(GridScore(one.slug, one.name, by_grid.get(one.slug, empty)) for one in grids), *outside),
        by_hour=tuple(by_hour.get(hour, empty) for hour in range(HOURS)),
        curve=tuple(
            Reached(after_s, accepted)
            for after_s, accepted in zip(CURVE_S, accepted_by(calls, [at * 1_000 for at in CURVE_S]), strict=True)
        ),
    )
