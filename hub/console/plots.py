"""Small plots as SVG, made here: where each bar and each step stands. Templates draw them, with a table beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 12.0, 28.0
GAP = 0.25
"""Share of a bar's room that is left free."""
SHARES = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Line:
    """A level line across the plot and what it stands for."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word below the plot, centred at `x`."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `text` is its value in words, for a tip; without a value there is no bar but a gap."""

    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything in units of WIDTH by HEIGHT. `path` is the line of steps, empty in a plot of bars."""

    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    bars: tuple[Bar, ...] = ()
    path: str = ""
    marks: tuple[Label, ...] = ()


def bars(shares: Sequence[float | None], texts: Sequence[str], labels: Sequence[str]) -> Plot:
    """A bar for each share of 0-1; None is a gap, which is not the same as nothing achieved."""
    room = (WIDTH - LEFT - RIGHT) / max(1, len(shares))
    drawn = tuple(
        Bar(_round(LEFT + room * (at + GAP / 2)), _y(share), _round(room * (1 - GAP)), _round(_y(0) - _y(share)), text)
        for at, (share, text) in enumerate(zip(shares, texts, strict=True))
        if share is not None
    )
    named = tuple(Label(_round(LEFT + room * (at + 0.5)), text) for at, text in enumerate(labels) if text)
    return Plot(_levels(), named, bars=drawn)


def steps(points: Sequence[tuple[float, float]], labels: Sequence[tuple[float, str]], marks: Sequence[float]) -> Plot:
    """A line of steps through points of x and a share of 0-1, x rising from 0; `marks` are upright lines."""
    most = max((x for x, _ in points), default=1.0) or 1.0

    def across(x: float) -> float:
        return _round(LEFT + (WIDTH - LEFT - RIGHT) * x / most)

    path = ""
    for x, share in points:
        path += f"H{across(x)}V{_y(share)}" if path else f"M{across(x)} {_y(share)}"
    named = tuple(Label(across(x), text) for x, text in labels)
    return Plot(_levels(), named, path=path, marks=tuple(Label(across(x), "") for x in marks))


def _levels() -> tuple[Line, ...]:
    return tuple(Line(_y(percent / 100), f"{percent}%") for percent in SHARES)


def _y(share: float) -> float:
    return _round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share))


def _round(value: float) -> float:
    return round(value, 1)
