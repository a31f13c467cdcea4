"""How every bench shows what it measured: a table with the machine's load, and one last line of JSON if wanted."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `is_held` is None where there is nothing to hold, or it was inconclusive."""

    name: str
    value: str
    hold: str = ""
    is_held: bool | None = None


def none_of(name: str, found: Collection[str]) -> Figure:
    """A figure that holds when nothing was found; the first of what was."""
    some = f" ({'; '.join(sorted(found)[:5])})" if found else ""
    return Figure(name, f"{len(found)}{some}", "0", not found)


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return percentile(values, 0.5)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all lies at or below (nearest rank); NaN for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def show(title: str, figures: Sequence[Figure], *, is_json: bool) -> int:
    """Prints the table; the exit status: 1 when a figure does not hold."""
    load = " ".join(f"{one:.2f}" for one in os.getloadavg())
    print(f"\n{title} (load {load}, {os.cpu_count()} cores)")
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[figure.is_held]
        print(f"  {figure.name:<{width}}  {figure.value:<28} {figure.hold:<30} {verdict}".rstrip())
    is_good = all(figure.is_held is not False for figure in figures)
    if is_json:
        print(json.dumps({"title": title, "holds": is_good, "figures": [asdict(figure) for figure in figures]}))
    return 0 if is_good else 1
