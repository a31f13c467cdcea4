"""The noise budget: how many minutes at full level a building may sound in a day, and whose holds at a place."""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.announcements import total_ms
from hub.domain.errors import Invalid
from hub.domain.places import Place, lineage

NO_LIMIT = 0
MOST_MINUTES = 24 * 60
MS_PER_CHARACTER = 210
"""About so long is spoken for each: 2,000 characters are seven minutes (hub/domain/announcements.py)."""


def read_minutes(text: str) -> int:
    """Whole minutes a day, 0 being no limit. Raises Invalid."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and int(text) <= MOST_MINUTES):
        raise Invalid("bad_noise_budget", text=text, most=MOST_MINUTES)
    return int(text)


def holding(places: Mapping[str, Place], slug: str, default: int) -> tuple[int, str]:
    """What holds at a place, and the slug of whose it is: the nearest that has its own, or empty for the default."""
    for one in lineage(places, slug):
        place = places.get(one)
        if place is not None and place.noise_budget_min is not None:
            return place.noise_budget_min, one
    return default, ""


def about_ms(text: str, repeat: int) -> int:
    """About how long this text will sound, all rounds and the gaps between them."""
    return total_ms(len(text) * MS_PER_CHARACTER, repeat)
