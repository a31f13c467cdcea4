"""Quiet hours: when no announcement below an emergency begins, and whose hold at a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.domain.errors import Invalid
from hub.domain.places import Place, PlaceKind, Spans, lineage

LOUD_PRIORITY = 224
"""From this priority on an announcement ignores them (WIRE.md)."""
MOST_SPANS = 8
"""As many as a device takes (wire.messages.Config)."""
OWN = (PlaceKind.GRID, PlaceKind.BUILDING)
"""Kinds of places that may have their own: an entrance is as quiet as its building."""


def read_spans(texts: Sequence[str]) -> Spans:
    """Texts such as 20:00-07:30 as minutes after midnight; equal ends are the whole day. Raises Invalid."""
    if len(texts) > MOST_SPANS:
        raise Invalid("too_many_quiet_hours", most=MOST_SPANS)
    return tuple(_span(text) for text in texts)


def span_text(span: tuple[int, int]) -> str:
    """The span as people read it: 20:00-07:30."""
    begins, ends = span
    return f"{begins // 60:02}:{begins % 60:02}-{ends // 60:02}:{ends % 60:02}"


def is_quiet(spans: Spans, minute: int) -> bool:
    """Whether this minute of the day lies in them; they may go over midnight (device_agent/core/quiet.py)."""
    return any(
        begins <= minute < ends if begins < ends else minute >= begins or minute < ends for begins, ends in spans
    )


def is_all_day(spans: Spans) -> bool:
    """Whether no minute of the day is left in which it is not quiet: the first of a gap would be the end of a span."""
    return bool(spans) and all(is_quiet(spans, ends) for _, ends in spans)


def holding(places: Mapping[str, Place], slug: str, default: Spans) -> tuple[Spans, str]:
    """What holds at a place, and the slug of whose it is: the nearest that has its own, or empty for the default."""
    for one in lineage(places, slug):
        place = places.get(one)
        if place is not None and place.quiet_hours is not None:
            return place.quiet_hours, one
    return default, ""


def minute_of(text: str) -> int | None:
    """`HH:MM` as minutes after midnight; None for anything else."""
    hour, colon, minute = text.partition(":")
    is_number = all(part.isascii() and part.isdigit() and len(part) == 2 for part in (hour, minute))
    if not colon or not is_number or int(hour) > 23 or int(minute) > 59:
        return None
    return int(hour) * 60 + int(minute)


def _span(text: str) -> tuple[int, int]:
    begins, _, ends = text.strip().partition("-")
    first, last = minute_of(begins), minute_of(ends)
    if first is None or last is None:
        raise Invalid("bad_quiet_hours", text=text)
    return first, last
