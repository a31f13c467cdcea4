"""What the hub sends to devices about announcements and their settings: the content, before it is signed."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.announcements import GAP_MS
from hub.domain.live import DELAY_MS, first_seq
from hub.domain.places import Spans
from hub.services.ports import Announcement, Button, Community, Configured
from wire.ids import new_id
from wire.messages import Config, Live, LiveEnd, Manifest, Output, QuietHours, Stop

CONFIG_VALID_MS = 400 * 24 * 3_600_000
"""A building that is off for half a year still finds its settings valid: they are renewed when half of it is over."""

AT_HOME_MINUTE = 10 * 60
"""A loudspeaker that speaks in somebody's home proves itself by day: however soft, nothing wakes an elder for it."""
LIVE_END_VALID_MS = 60_000
"""Later than that everybody has noticed by themselves."""
STOP_VALID_MS = 60_000
"""At least so long: a device that was late may be sounding what is valid no more."""


def manifest(announcement: Announcement, to: str, now_ms: int) -> Manifest:
    """What `to` (a device or a place) is to play."""
    return Manifest(
        to=to,
        id=new_id(now_ms),
        issued_ms=now_ms,
        valid_until_ms=announcement.valid_until_ms,
        announcement_id=announcement.id,
        priority=announcement.priority,
        title=announcement.title,
        text=announcement.text,
        audio_sha256=announcement.audio_sha256,
        duration_ms=announcement.duration_ms,
        repeat=announcement.repeat,
        gap_ms=GAP_MS,
        play_at_ms=announcement.play_at_ms,
        timeline=announcement.timeline,
    )


def live(announcement: Announcement, to: str, now_ms: int) -> Live:
    """Somebody is about to speak at `to`, or speaks already."""
    return Live(
        to=to,
        id=new_id(now_ms),
        issued_ms=now_ms,
        valid_until_ms=announcement.valid_until_ms,
        announcement_id=announcement.id,
        priority=announcement.priority,
        title=announcement.title,
        first_seq=first_seq(announcement.id),
        delay_ms=DELAY_MS,
    )


def live_end(announcement: Announcement, to: str, end_us: int, now_ms: int) -> LiveEnd:
    """Nothing was captured after `end_us`."""
    return LiveEnd(
        to=to,
        id=new_id(now_ms),
        issued_ms=now_ms,
        valid_until_ms=now_ms + LIVE_END_VALID_MS,
        announcement_id=announcement.id,
        end_us=end_us,
    )


def stop(announcement: Announcement, to: str, now_ms: int) -> Stop:
    """Ends the announcement at `to`, for as long as anybody there may hold it as valid, or still play it."""
    return Stop(
        to=to,
        id=new_id(now_ms),
        issued_ms=now_ms,
        valid_until_ms=max(announcement.valid_until_ms, now_ms + STOP_VALID_MS),
        announcement_id=announcement.id,
    )


def config(
    device: Configured,
    community: Community,
    places: Sequence[str],
    buttons: Sequence[Button],
    self_test_minute: int | None,
    quiet_hours: Spans,
    noise_budget_min: int,
    now_ms: int,
) -> Config:
    """What the device needs to know of where it is; `places` are those whose announcements it plays."""
    outputs = {button.name: Output(button.output) for button in buttons}
    if self_test_minute is not None and Output.HOME in outputs.values():
        self_test_minute = AT_HOME_MINUTE
    return Config(
        to=device.id,
        id=new_id(now_ms),
        issued_ms=now_ms,
        valid_until_ms=now_ms + CONFIG_VALID_MS,
        community=community.slug,
        places=list(places),
        timezone=community.timezone,
        outputs=outputs,
        delay_ms=device.delay_ms,
        volume=device.volume,
        quiet_hours=[QuietHours(begins_minute=begin, ends_minute=end) for begin, end in quiet_hours],
        noise_budget_s=noise_budget_min * 60 or None,
        self_test_minute=self_test_minute,
    )


def expiry_s(valid_until_ms: int, now_ms: int) -> int:
    """The Message Expiry that fits a validity, rounded up; at least a second, since 0 means never kept."""
    return max(1, -(-(valid_until_ms - now_ms) // 1000))
