"""What disks, database and gateway say after a round: lost, doubled, stalled."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tests.bench.crash.crowd import Hands, Helpers, NeverRepeats
from tests.bench.crash.world import World
from tests.world.gateway import Gateway

STALLED_MS = 3_000
"""A step comes within 1 s of its deadline (ALERTS.md, invariant 4); the rest is for a busy machine."""
UNSAVED_S = 7.0
"""What a broker has taken and not yet saved when it is killed is lost (docs/decisions.md)."""


@dataclass
class Evidence:
    """`look` after each round; what was wrong then stays wrong."""

    world: World
    gateway: Gateway
    hands: Hands
    helpers: Helpers
    once: NeverRepeats
    pressed: int = 0
    alerts: int = 0
    lost: set[str] = field(default_factory=set)
    unheard: int = 0
    doubled: set[str] = field(default_factory=set)
    unnotified: set[str] = field(default_factory=set)
    unkept: set[str] = field(default_factory=set)
    stalled: set[str] = field(default_factory=set)
    once_lost: set[str] = field(default_factory=set)
    once_lost_unkilled: set[str] = field(default_factory=set)

    def on_disk(self) -> set[tuple[str, str, str]]:
        """The presses that agents have on their disks: device, id and button."""
        return {
            (device, press.press_id, press.button)
            for each in self.world.agents
            for device in each.devices
            for press in each.presses(device)
        }

    def is_quiet(self) -> bool:
        """Whether nothing is under way any more: presses confirmed, notifications sent, helpers content."""
        return (
            self.helpers.is_idle
            and not any(each.unconfirmed(device) for each in self.world.agents for device in each.devices)
            and self.world.hub.rows("SELECT count(*) FROM notification WHERE state = 'due'") == [(0,)]
        )

    def is_once_stored(self) -> bool:
        """Whether what the never-repeating client has handed over lately is all stored; what is lost never is."""
        return not self.once.taken.keys() - self.once_lost - self._with_alert().keys()

    def look(self) -> None:
        """Reads everything anew."""
        self._presses()
        self._alerts()

    def _with_alert(self) -> dict[str, int]:
        rows = self.world.hub.rows("SELECT press_id, count(*) FROM press WHERE alert_id IS NOT NULL GROUP BY press_id")
        return dict(rows)

    def _presses(self) -> None:
        stored, disk = self._with_alert(), self.on_disk()
        self.pressed = len(disk)
        self.lost |= {press_id for _, press_id, _ in disk} - stored.keys()
        heard = Counter((device, button) for device, _, button in disk)
        self.unheard = sum((self.hands.pressed - heard).values())
        self.doubled |= {press_id for press_id, count in stored.items() if count > 1}
        told = defaultdict(set)
        for _, body in self.gateway.posts:
            for press_id in body["press_ids"] if body["alert_id"] else ():
                told[press_id].add(body["alert_id"])
        self.doubled |= {press_id for press_id, alerts in told.items() if len(alerts) > 1}
        self.once_lost |= self.once.taken.keys() - stored.keys()
        self.once_lost_unkilled |= {one for one in self.once_lost if not self._was_killed_after(self.once.taken[one])}

    def _alerts(self) -> None:
        now_ms = time.time_ns() // 1_000_000
        rows = self.world.hub.rows(
            "SELECT id, joins, opened_ms, closed_ms, min(due_ms, coalesce(remind_ms, due_ms)) FROM alert"
            " ORDER BY joins, opened_ms"
        )
        self.alerts = len(rows)
        for (_, joins, _, closed_ms, _), (second, also, opened_ms, *_) in pairwise(rows):
            if joins == also and (closed_ms is None or closed_ms > opened_ms):
                self.doubled.add(second)
        self.stalled |= {row[0] for row in rows if row[4] is not None and row[4] < now_ms - STALLED_MS}
        self.unnotified = {row[0] for row in rows} - {body["alert_id"] for _, body in self.gateway.posts}
        self.unkept = {f"{what} {alert_id}" for alert_id, what in self.helpers.answered - self._steps()}

    def _steps(self) -> set[tuple[str, str]]:
        return set(self.world.hub.rows("SELECT DISTINCT alert_id, what FROM journal"))

    def _was_killed_after(self, taken: float) -> bool:
        return any(0 <= killed - taken <= UNSAVED_S for killed in self.world.broker_kills)

    def oldest_unsaved_s(self) -> float:
        """How long before the broker's end it had taken the oldest press that it lost by it."""
        lost = [self.once.taken[one] for one in self.once_lost]
        waits = [min((k - at for k in self.world.broker_kills if k >= at), default=float("inf")) for at in lost]
        return max(waits, default=0.0)


def named(what: Mapping[str, int]) -> str:
    """Counts in words."""
    return ", ".join(f"{name} {count}" for name, count in sorted(what.items()))
