"""The community as one reading sees it: what several parts of pages need is read once."""

from __future__ import annotations

from functools import cached_property

from hub.console.cards import Card, cards
from hub.domain.alerts import State
from hub.services.calling import Calling
from hub.services.ports import Tx
from hub.services.views import (
    AlertSummary,
    AnnouncementSummary,
    DeviceView,
    PlaceView,
    alert_view,
    alerts_view,
    announcements_view,
    devices_view,
    places_view,
)
from hub.services.views.rota import ReachOf, unknown_reach

MOST_CARDS = 40
"""More open alerts than this are a flood: those beyond are listed by place and time only."""
NOT_CLOSED = (State.OPEN, State.ACCEPTED, State.ARRIVED)
PAST = 20


class Seen:
    """Reads inside one transaction, each thing at most once.

    `trouble` is what keeps the hub from its work now; `is_watched` says whether a duty desk with sound is open;
    `reach_of` says who can be reached.
    """

    def __init__(
        self,
        tx: Tx,
        now_ms: int,
        trouble: tuple[str, ...] = (),
        *,
        is_watched: bool = True,
        reach_of: ReachOf = unknown_reach,
    ) -> None:
        self.tx = tx
        self.trouble = trouble
        self.is_watched = is_watched
        self.reach_of = reach_of
        self.now_ms = now_ms
        self.calling = Calling(tx, now_ms)

    @cached_property
    def open_alerts(self) -> list[AlertSummary]:
        """Every alert that is not closed, not accepted first, then the oldest."""
        found = alerts_view(self.tx, self.now_ms, states=NOT_CLOSED, limit=10_000)
        return sorted(found, key=lambda one: (one.state is not State.OPEN, one.opened_ms))

    @cached_property
    def cards(self) -> list[Card]:
        """The first of them with all that is known, the most urgent first."""
        details = [alert_view(self.tx, one.id, self.now_ms) for one in self.open_alerts[:MOST_CARDS]]
        return cards(self.calling, details, self.now_ms)

    @cached_property
    def places(self) -> list[PlaceView]:
        """All places."""
        return places_view(self.tx)

    @cached_property
    def devices(self) -> list[DeviceView]:
        """All devices, what is not proved first."""
        return devices_view(self.tx, self.now_ms)

    @cached_property
    def announcements(self) -> list[AnnouncementSummary]:
        """The latest announcements, the newest first."""
        return announcements_view(self.tx, self.now_ms, limit=PAST)
