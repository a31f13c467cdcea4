"""Moments and messages for tests of the core."""

from __future__ import annotations

from typing import Any

from device_agent.core.moment import Moment
from wire import messages

UNIX_MS = 1_795_310_000_000
DEVICE = "building-17"
SHA = "ab" * 32


def at(mono_ms: int, *, is_settled: bool = True, is_learned: bool = True) -> Moment:
    """The moment so many ms after both clocks' beginning in these tests."""
    return Moment(mono_ms, UNIX_MS + mono_ms, is_settled, is_settled and is_learned)


def timeline(base_ns: int, boot: str = "a") -> messages.Timeline:
    """One of a hub on the machine that was started as `boot`."""
    return messages.Timeline(boot=boot, base_ns=base_ns)


def signed(to: str = DEVICE, message_id: str = "m-1", valid_ms: int = 600_000) -> dict[str, Any]:
    return {"to": to, "id": message_id, "issued_ms": UNIX_MS, "valid_until_ms": UNIX_MS + valid_ms}


def manifest(announcement_id: str = "n-1", play_in_ms: int = 5_000, **changed: Any) -> messages.Manifest:
    """An announcement of 9 s that is to start in 5 s and holds for ten minutes."""
    content = {
        **signed(message_id=f"m-{announcement_id}"),
        "announcement_id": announcement_id,
        "priority": 60,
        "title": "停水",
        "text": "停水",
        "audio_sha256": SHA,
        "duration_ms": 9_000,
        "play_at_ms": UNIX_MS + play_in_ms,
    }
    return messages.Manifest(**{**content, **changed})


def stage(name: str, seq: int, button: str = "b", alert_id: str = "a-1", **changed: Any) -> messages.AlertStage:
    content = {
        **signed(message_id=f"{alert_id}-{seq}", valid_ms=60_000),
        "alert_id": alert_id,
        "button": button,
        "stage": messages.Stage(name),
        "stage_seq": seq,
        "say": "已收到",
    }
    return messages.AlertStage(**{**content, **changed})
