"""A week of the rota as its page lays it out: a row for each post, a cell for each day, and turns and gaps in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hub.domain.wall_clock import day_minute, day_of, instant_ms, minute_at
from hub.services.ports import Tx
from hub.services.views import PostView, RotaView, TurnView, rota_view
from hub.services.views.rota import ReachOf

DAYS = 7


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is there: minutes of one day."""

    start: int
    end: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One post on one day."""

    day: date
    turns: tuple[TurnView, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One post through the week. `now` are the turns that hold just now."""

    post: PostView
    cells: tuple[Cell, ...]
    now: tuple[TurnView, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """What the page shows; on a phone only the day `chosen`."""

    rota: RotaView
    rows: tuple[Row, ...]
    today: date
    chosen: date

    @property
    def days(self) -> tuple[date, ...]:
        """The seven days."""
        return self.rota.days

    @property
    def before(self) -> date:
        """The first day of the week before."""
        return self.rota.from_day - timedelta(days=DAYS)

    @property
    def after(self) -> date:
        """The first day of the week after."""
        return self.rota.from_day + timedelta(days=DAYS)


def week(tx: Tx, chosen: date | None, now_ms: int, reach_of: ReachOf) -> Week:
    """The week, Monday to Sunday, in which `chosen` lies; today's when it is None."""
    timezone = tx.rota.rota().timezone
    today = day_of(minute_at(now_ms, timezone))
    chosen = chosen or today
    view = rota_view(tx, chosen - timedelta(days=chosen.weekday()), DAYS, now_ms, reach_of)
    return Week(view, tuple(_row(post, view, now_ms) for post in view.posts), today, chosen)


def _row(post: PostView, view: RotaView, now_ms: int) -> Row:
    cells = tuple(_cell(post, day, view.timezone, now_ms) for day in view.days)
    return Row(post, cells, tuple(one for one in post.turns if one.is_now))


def _cell(post: PostView, day: date, timezone: str, now_ms: int) -> Cell:
    midnight = day_minute(day)
    start_ms, end_ms = (instant_ms(day_minute(one), timezone) for one in (day, day + timedelta(days=1)))
    gaps = [(max(first, start_ms), min(until, end_ms)) for first, until in post.gaps]
    return Cell(
        day,
        tuple(one for one in post.turns if one.day == day),
        tuple(
            Gap(_minute(first, midnight, timezone), _minute(until - 1, midnight, timezone) + 1, until <= now_ms)
            for first, until in gaps
            if first < until
        ),
    )


def _minute(ms: int, midnight: int, timezone: str) -> int:
    return minute_at(ms, timezone) - midnight
