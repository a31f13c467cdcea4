"""Quiet hours by the wall clock of the place."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from device_agent.core.quiet import objection
from tests.device_agent.core.values import signed
from wire.messages import Config, QuietHours

NOON = QuietHours(begins_minute=12 * 60, ends_minute=14 * 60)
NIGHT = QuietHours(begins_minute=20 * 60, ends_minute=7 * 60 + 30)


def config(timezone: str = "Asia/Shanghai") -> Config:
    return Config(**signed(), community="c", places=[], timezone=timezone, quiet_hours=[NOON, NIGHT])


def local_ms(clock: str, timezone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(f"2026-11-22T{clock}").replace(tzinfo=ZoneInfo(timezone)).timestamp() * 1000


@pytest.mark.parametrize(
    ("clock", "reason"),
    [
        ("11:59:59", None),
        ("12:00:00", "quiet hours 12:00-14:00"),
        ("13:59:59", "quiet hours 12:00-14:00"),
        ("14:00:00", None),
        ("19:59:59", None),
        ("20:00:00", "quiet hours 20:00-07:30"),
        ("00:00:00", "quiet hours 20:00-07:30"),
        ("07:29:59", "quiet hours 20:00-07:30"),
        ("07:30:00", None),
    ],
)
def test_every_edge_of_the_day(clock: str, reason: str | None) -> None:
    assert objection(config(), 60, local_ms(clock)) == reason
    assert objection(config(), 224, local_ms(clock)) is None
    assert objection(config("Europe/Lisbon"), 60, local_ms(clock, "Europe/Lisbon")) == reason


def test_hours_that_begin_when_they_end_are_the_whole_day() -> None:
    always = config().model_copy(update={"quiet_hours": [QuietHours(begins_minute=60, ends_minute=60)]})
    assert objection(always, 60, local_ms("12:00:00")) == "quiet hours 01:00-01:00"


def test_without_hours_or_with_an_unknown_time_zone_nothing_is_kept_quiet() -> None:
    assert objection(None, 60, local_ms("12:00:00")) is None
    assert objection(config().model_copy(update={"quiet_hours": []}), 60, local_ms("12:00:00")) is None
    assert objection(config("Nowhere/Land"), 60, local_ms("12:00:00")) is None
