"""Plots of a scenario as SVG, made here: lines over the seconds of a round, and how long presses took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 30, 28
COLOURS = ("#0b6e4f", "#b3541e", "#2b59c3", "#7a3e9d")
"""Told apart on white by everybody who tells light from dark; each line also ends in its name."""
STEPS = (1, 2, 5, 10)
BARS = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One line: (x, y) in order of x."""

    name: str
    points: Sequence[tuple[float, float]]


def over_time(title: str, lines: Sequence[Line]) -> str:
    """Lines over seconds, from 0."""
    every = [point for line in lines for point in line.points]
    most_x, most_y = _round_up(max((x for x, _ in every), default=1)), _round_up(max((y for _, y in every), default=1))
    frame = _Frame(title, most_x, most_y, "s")
    body = [frame.axes()]
    for index, line in enumerate(lines):
        colour = COLOURS[index % len(COLOURS)]
        points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in line.points)
        body.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body.append(_key(index, line.name, colour))
    return frame.whole(body)


def spread(title: str, values: Sequence[float], unit: str) -> str:
    """How many of the values lie where."""
    most_x = _round_up(max(values, default=1))
    counts = [0] * BARS
    for value in values:
        counts[min(BARS - 1, int(BARS * value / most_x))] += 1
    frame = _Frame(title, most_x, _round_up(max(counts)), unit)
    body, width = [frame.axes()], (WIDTH - LEFT - RIGHT) / BARS
    for index, count in enumerate(counts):
        top, x = frame.y(count), LEFT + index * width
        height = HEIGHT - BOTTOM - top
        body.append(
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{width - 1:.1f}" height="{height:.1f}" fill="{COLOURS[0]}"/>'
        )
    return frame.whole(body)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The axes: values from 0 to the most, on both."""

    title: str
    most_x: float
    most_y: float
    unit: str

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.most_x

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.most_y

    def axes(self) -> str:
        """Four lines across with their values, and five values below."""
        parts = []
        for quarter in range(5):
            value = self.most_y * quarter / 4
            y = self.y(value)
            parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
            across = self.most_x * quarter / 4
            parts.append(
                f'<text x="{self.x(across):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{across:g} {self.unit}</text>'
            )
        return "".join(parts)

    def whole(self, body: Sequence[str]) -> str:
        """The picture, with its title as its name for those who hear it."""
        title = escape(self.title)
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
            f'<text x="{LEFT}" y="16" class="title">{title}</text>{"".join(body)}</svg>'
        )


def _key(index: int, name: str, colour: str) -> str:
    y = TOP + 14 + 16 * index
    return f'<text x="{WIDTH - RIGHT - 4}" y="{y}" text-anchor="end" fill="{colour}">{escape(name)}</text>'


def _round_up(value: float) -> float:
    """The next number of the kind 1, 2, 5 times a power of ten."""
    power = 1.0
    while power * 10 < value:
        power *= 10
    while power > value > 0:
        power /= 10
    return next((step * power for step in STEPS if step * power >= value), 10 * power)
