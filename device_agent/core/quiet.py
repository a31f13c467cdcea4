"""Quiet hours: when nothing below the emergency priorities is begun here."""

from __future__ import annotations

from datetime import UTC, datetime

from device_agent.core.moment import zone_of
from device_agent.core.priorities import keeps_quiet
from wire.messages import Config, QuietHours


def objection(config: Config | None, priority: int, unix_ms: float) -> str | None:
    """Why a sound of this priority must not begin then, or None.

    A time zone that this device does not know keeps nothing quiet: too loud is better than unheard.
    """
    if config is None or not config.quiet_hours or not keeps_quiet(priority):
        return None
    zone = zone_of(config.timezone)
    if zone is None:
        return None
    local = datetime.fromtimestamp(unix_ms / 1000, UTC).astimezone(zone)
    minute = local.hour * 60 + local.minute
    within = next((each for each in config.quiet_hours if _holds(each, minute)), None)
    return None if within is None else f"quiet hours {_clock(within.begins_minute)}-{_clock(within.ends_minute)}"


def _holds(hours: QuietHours, minute: int) -> bool:
    """Whether this minute of the day lies in them; they may go over midnight, and equal ends are the whole day."""
    if hours.begins_minute < hours.ends_minute:
        return hours.begins_minute <= minute < hours.ends_minute
    return minute >= hours.begins_minute or minute < hours.ends_minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
