"""The replay of an alert: a band of its states over time, and every second in which something happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from hub.console import history
from hub.console.console import Here, Seeing
from hub.console.streams import EventStream
from hub.services.views import replay_view
from hub.services.views.alerts import Told
from hub.services.views.replay import ReplayFrame

WIDTH = 1000.0

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Stretch:
    """So long the alert was in one state; `x` and `width` of WIDTH."""

    state: str
    x: float
    width: float
    lasted_ms: int


@dataclass(frozen=True, slots=True)
class Asking:
    """Those who were being asked, by what had become of it then; an empty name stands for the duty webhook."""

    sent: tuple[str, ...]
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame as it is shown. `rung` says whom the ladder was asking."""

    at_ms: int
    after_ms: int
    x: float
    state: str
    acceptor: str
    lines: tuple[history.Line, ...]
    rung: history.Line | None
    asking: Asking
    told: Told | None
    presses: int


@router.get("/alerts/{alert_id}/replay")
async def show_replay(console: Here, request: Request, visitor: Seeing, alert_id: str) -> HTMLResponse:
    now_ms = console.services.clock.now_ms()
    seen = await console.services.database.read(lambda tx: replay_view(tx, alert_id, now_ms))
    context = {
        "alert": seen.alert,
        "where": seen.alert.home_name or seen.alert.place_name,
        "frames": frames(seen.frames),
        "stretches": stretches(seen.frames),
        "lasted_ms": seen.frames[-1].after_ms if seen.frames else 0,
    }
    return await console.page(request, visitor, "replay", (), live="/live/replay", context=context)


@router.get("/live/replay")
async def follow_replay(console: Here, visitor: Seeing) -> EventStream:
    """What lives on every page of staff; the replay itself does not change."""
    return console.stream(visitor, ())


def stretches(seen: Sequence[ReplayFrame]) -> tuple[Stretch, ...]:
    """The states one after the other; the last one, closed, has no length."""
    turns = [one for index, one in enumerate(seen) if index == 0 or one.state is not seen[index - 1].state]
    scale = _scale(seen)
    return tuple(
        Stretch(one.state.value, one.after_ms * scale, (then.after_ms - one.after_ms) * scale, then.at_ms - one.at_ms)
        for one, then in zip(turns, [*turns[1:], seen[-1]], strict=True)
        if then.after_ms > one.after_ms
    )


def frames(seen: Sequence[ReplayFrame]) -> tuple[Shown, ...]:
    """What each second shows."""
    scale = _scale(seen)
    return tuple(
        Shown(
            at_ms=one.at_ms,
            after_ms=one.after_ms,
            x=round(one.after_ms * scale, 1),
            state=one.state.value,
            acceptor=one.acceptor.name if one.acceptor else "",
            lines=tuple(history.line(line) for line in one.lines),
            rung=history.line(one.rung) if one.rung else None,
            asking=_asking(one),
            told=one.told,
            presses=one.presses,
        )
        for one in seen
    )


def _asking(frame: ReplayFrame) -> Asking:
    """Each once: whoever some channel has reached is not waiting."""
    names = {one.person.name if one.person else "": False for one in frame.asking}
    for one in frame.asking:
        names[one.person.name if one.person else ""] |= one.is_sent
    return Asking(tuple(name for name in names if names[name]), tuple(name for name in names if not names[name]))


def _scale(seen: Sequence[ReplayFrame]) -> float:
    return WIDTH / max(1, seen[-1].after_ms) if seen else 0.0
