"""Long lists in pieces, so that what is done with thousands leaves room for a press in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_pieces(values: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """All values in their order, at most so many at a time."""
    for start in range(0, len(values), most):
        yield values[start : start + most]
