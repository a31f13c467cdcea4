"""Which verified messages of the hub are for this device and now: addressee, expiry, replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from device_agent.core import effects
from device_agent.core.moment import Moment
from wire import messages

REMEMBERED_MS = 24 * 3_600_000  # beyond expiry: a hub's clock that was set on may be set back again


@dataclass(frozen=True, slots=True)
class Admission:
    """`seen` maps message ids that must not be obeyed again to the end of their validity (Unix ms)."""

    device: str
    places: frozenset[str] = frozenset()
    seen: Mapping[str, int] = field(default_factory=dict)


def objection(state: Admission, message: messages.Signed, now: Moment) -> str | None:
    """Why this message must not be obeyed, or None. A replay is an id that was seen before.

    Until the hub's time is known, expiry is judged by the broker alone, which drops what is expired: a wrong
    clock after a power cut must not make a device deaf, however long a busy hub takes to tell the time.
    """
    if message.to != state.device and message.to not in state.places:
        return "not for this device"
    now = now.by(message.timeline) if isinstance(message, messages.Manifest) else now
    if now.is_learned and now.unix_ms > message.valid_until_ms:
        return "expired"
    if message.id in state.seen:
        return "seen before"
    return None


def note(state: Admission, message: messages.Signed, now: Moment) -> tuple[Admission, list[effects.Effect]]:
    """Remember that this message was obeyed; what has expired meanwhile needs no memory any more."""
    alive = {
        message_id: until_ms
        for message_id, until_ms in state.seen.items()
        if not now.is_learned or until_ms + REMEMBERED_MS >= now.unix_ms
    }
    alive[message.id] = message.valid_until_ms
    return replace(state, seen=alive), [effects.StoreSeen(message.id, message.valid_until_ms)]
