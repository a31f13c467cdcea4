"""报表: how fast people are helped, per grid and hour, with plots made here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from hub.console import plots
from hub.console.console import Here, Seeing
from hub.console.plots import Plot
from hub.console.streams import EventStream
from hub.domain.errors import NotPermitted
from hub.domain.people import Role
from hub.domain.score import LATER_MS, SOON_MS, Tally
from hub.services.views import ScoreView, score_view
from hub.services.views.score import Part

SPANS = (7, 30, 90)
EVERY_HOURS = 3

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: what it is of, and its figures."""

    name: str
    tally: Tally


@router.get("/score")
async def show_score(
    console: Here, request: Request, visitor: Seeing, days: Annotated[int, Query()] = 30
) -> HTMLResponse:
    if visitor.role is Role.VOLUNTEER:
        raise NotPermitted(role=visitor.role.value)
    now_ms = console.services.clock.now_ms()
    score = await console.services.database.read(lambda tx: score_view(tx, now_ms, days))
    return await console.page(request, visitor, "score", (), live="/live/score", context=shown(score))


@router.get("/live/score")
async def follow_score(console: Here, visitor: Seeing) -> EventStream:
    """What lives on every page of staff; the figures are of the moment at which they were asked for."""
    return console.stream(visitor, ())


def shown(score: ScoreView) -> Mapping[str, object]:
    """What the page needs."""
    real = score.real
    return {
        "days": score.days,
        "spans": SPANS,
        "real": real.total,
        "exercises": score.exercises.total,
        "grids": [Row(one.name, one.tally) for one in real.by_grid],
        "grid_plot": plots.bars(
            [share(one.tally.within_60_s, one.tally.calls) for one in real.by_grid],
            [one.name for one in real.by_grid],
            [one.name for one in real.by_grid],
        ),
        "hours": [Row(f"{hour}", one) for hour, one in enumerate(real.by_hour)],
        "hour_plot": _hours(real),
        "curve": [(one.after_s, one.accepted) for one in real.curve],
        "curve_plot": _curve(real),
    }


def share(part: int, whole: int) -> float | None:
    """The share, None of nothing."""
    return part / whole if whole else None


def _hours(part: Part) -> Plot:
    return plots.bars(
        [share(one.within_60_s, one.calls) for one in part.by_hour],
        [f"{hour}:00" for hour in range(len(part.by_hour))],
        [f"{hour}" if hour % EVERY_HOURS == 0 else "" for hour in range(len(part.by_hour))],
    )


def _curve(part: Part) -> Plot:
    whole = max(1, part.total.calls)
    labels = [(float(at), f"{at}") for at in range(0, part.curve[-1].after_s + 1, 30)]
    points = [(float(one.after_s), one.accepted / whole) for one in part.curve]
    return plots.steps(points, labels, [SOON_MS / 1_000, LATER_MS / 1_000])
