"""A day and time as browsers write them, in the community's zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hub.domain.errors import Invalid


def instant_from(text: str, timezone: str) -> int:
    """Milliseconds of a day and time such as 2026-01-31T08:00. Raises Invalid."""
    try:
        return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).timestamp() * 1_000)
    except ValueError:
        raise Invalid("unknown_instant") from None
