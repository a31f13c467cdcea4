"""What the API and the pages stand on: the services that the composition root has built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from hub.domain.alerts import Alert, State
from hub.services.access import Access
from hub.services.announce import Announcements
from hub.services.desk_watch import DeskWatch
from hub.services.ladders import Ladders
from hub.services.live import Microphones
from hub.services.news import NewsFeed
from hub.services.phones import Phones
from hub.services.ports import Clock, Database
from hub.services.quiet_hours import QuietTimes
from hub.services.reaching import Reaching
from hub.services.rota import Rotas
from hub.services.track_devices import Devices

SESSION_COOKIE = "__Host-session"
"""Holds the secret of a session. Browsers keep it over TLS and, of plain HTTP, from this machine only."""


class AnsweringAlerts(Protocol):
    """The steps that people take (AlertDesk). All raise NotFound, StepNotAllowed, Invalid or Changed."""

    async def accept(self, alert_id: str, by: str, eta_minutes: int, entered_by: str | None = None) -> Alert: ...
    async def decline(self, alert_id: str, by: str) -> Alert: ...
    async def withdraw(self, alert_id: str, by: str) -> Alert: ...
    async def arrive(self, alert_id: str, by: str) -> Alert: ...
    async def close(self, alert_id: str, by: str, outcome: str, seen: str, reason: str = "") -> Alert: ...
    async def reopen(self, alert_id: str, by: str) -> Alert: ...
    async def take_back(self, alert_id: str, by: str, made: State, whose: str) -> Alert: ...
    async def note(self, alert_id: str, by: str, text: str) -> Alert: ...


@dataclass(frozen=True, slots=True)
class Services:
    """`ready` gives what is wrong, nothing when all works. `base_url` is how browsers reach the hub.

    `phones` is None where Web Push is not configured.
    """

    database: Database
    clock: Clock
    access: Access
    alerts: AnsweringAlerts
    announcements: Announcements
    microphones: Microphones
    ladders: Ladders
    devices: Devices
    desk_watch: DeskWatch
    rotas: Rotas
    reaching: Reaching
    quiet: QuietTimes
    news: NewsFeed
    ready: Callable[[], list[str]]
    base_url: str
    phones: Phones | None = None


def is_own_page(sec_fetch_site: str | None, origin: str | None, host: str | None) -> bool:
    """Whether a request that brings a cookie comes from one of our own pages, by these headers.

    Browsers send Sec-Fetch-Site wherever they trust the connection, and Origin with every POST.
    """
    if sec_fetch_site is not None:
        return sec_fetch_site == "same-origin"
    return bool(origin and host) and urlsplit(origin or "").netloc == host
