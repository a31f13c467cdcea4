"""What a light device does with announcements: their way from the manifest to `played`, told in receipts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_sim.light import rules
from firmware_sim.light.shared import Listener, Shared, Sounds
from wire.messages import Manifest, Receipt, ReceiptState, StateAt, Stop

LATEST_WINS = 255


@dataclass(slots=True, eq=False)
class Part:
    """One announcement here. `untold` are states that wait to travel together."""

    manifest: Manifest
    reached: ReceiptState = ReceiptState.RECEIVED
    untold: list[StateAt] = field(default_factory=list)
    started_ms: int | None = None
    timer: asyncio.TimerHandle | None = None
    telling: asyncio.TimerHandle | None = None


class Hearing:
    """All announcements of one device; `tell` takes each receipt. It has no loudspeaker, so it gives no evidence."""

    __slots__ = ("_parts", "_shared", "_sounding", "_tell")

    def __init__(self, shared: Shared, tell: Callable[[Receipt], None]) -> None:
        self._shared = shared
        self._tell = tell
        self._parts: dict[str, Part] = {}
        self._sounding: Part | None = None

    def reached(self, announcement_id: str) -> str | None:
        """How far it has come; None for one that never came."""
        part = self._parts.get(announcement_id)
        return part.reached.value if part else None

    def manifest(self, manifest: Manifest, sounds: Sounds, device: Listener) -> None:
        """A verified manifest that is for this device; one that is known already changes nothing."""
        if manifest.announcement_id in self._parts:
            return
        part = self._parts[manifest.announcement_id] = Part(manifest)
        if self._shared.now_ms() > manifest.valid_until_ms:
            self._end(part, ReceiptState.EXPIRED)
            return
        self._reach(part, ReceiptState.RECEIVED, ReceiptState.VERIFIED)
        if sounds.want(manifest.audio_sha256, device):
            self._ready(part)

    def sound_came(self, sha256: str) -> None:
        """A sound is here: what waited for it is ready."""
        for part in self._parts.values():
            if part.reached is ReceiptState.VERIFIED and part.manifest.audio_sha256 == sha256:
                self._ready(part)

    def stop(self, stop: Stop) -> None:
        """End one announcement, or all."""
        for part in list(self._parts.values()):
            if stop.announcement_id in (part.manifest.announcement_id, "all") and not _is_over(part):
                self._end(part, ReceiptState.STOPPED)

    def power_lost(self) -> None:
        """Nothing sounds any more; what was sounding has failed, as after a restart (nothing plays twice)."""
        for part in self._parts.values():
            if part.reached is ReceiptState.PLAYING:
                self._end(part, ReceiptState.FAILED, "restarted while playing")

    def _ready(self, part: Part) -> None:
        self._reach(part, ReceiptState.READY)
        self._plan(part)

    def _plan(self, part: Part) -> None:
        """Wait for the agreed instant, by the clock that all processes of this machine share."""
        begin_ms, end_ms = rules.plays_at(part.manifest, self._shared.now_ms())
        self._after(part, begin_ms, lambda: self._begin(part, end_ms))

    def _begin(self, part: Part, end_ms: int) -> None:
        other, mine = self._sounding, part.manifest.priority
        if other is not None and (other.manifest.priority > mine or other.manifest.priority == mine < LATEST_WINS):
            self._after(part, self._ends_ms(other), lambda: self._plan(part))
            return
        if self._shared.now_ms() > part.manifest.valid_until_ms:
            self._end(part, ReceiptState.EXPIRED)
            return
        self._sounding = part
        if other is not None:
            self._end(other, ReceiptState.INTERRUPTED, part.manifest.announcement_id)
        part.started_ms = self._shared.now_ms()
        self._reach(part, ReceiptState.PLAYING)
        self._after(part, end_ms, lambda: self._end(part, ReceiptState.PLAYED))

    def _ends_ms(self, part: Part) -> int:
        assert part.started_ms is not None
        return max(part.started_ms, part.manifest.play_at_ms) + rules.span_ms(part.manifest)

    def _end(self, part: Part, end: ReceiptState, reason: str | None = None) -> None:
        if part.timer is not None:
            part.timer.cancel()
        if self._sounding is part:
            self._sounding = None
        self._reach(part, end, reason=reason)

    def _after(self, part: Part, at_ms: int, do: Callable[[], None]) -> None:
        wait_s = max(0.0, (at_ms - self._shared.now_ms()) / 1000)
        part.timer = self._shared.loop.call_later(wait_s, do)

    def _reach(self, part: Part, *states: ReceiptState, reason: str | None = None) -> None:
        """First states gather for a while, all others are told at once and take the gathered ones along."""
        at_ms = self._shared.now_ms()
        part.untold += [StateAt(state=state, at_ms=at_ms) for state in states]
        part.reached = states[-1]
        if part.reached in (ReceiptState.VERIFIED, ReceiptState.READY):
            if part.telling is None:
                part.telling = self._shared.loop.call_later(rules.GATHER_S, self._tell_of, part, None)
            return
        self._tell_of(part, reason)

    def _tell_of(self, part: Part, reason: str | None) -> None:
        if part.telling is not None:
            part.telling.cancel()
            part.telling = None
        receipt = Receipt(
            announcement_id=part.manifest.announcement_id,
            states=part.untold,
            started_at_ms=part.started_ms,
            reason=reason,
        )
        part.untold = []
        self._tell(receipt)


def _is_over(part: Part) -> bool:
    return part.reached not in (
        ReceiptState.RECEIVED,
        ReceiptState.VERIFIED,
        ReceiptState.READY,
        ReceiptState.PLAYING,
    )
