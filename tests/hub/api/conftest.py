"""The API over the small community, called without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest_asyncio
from argon2 import PasswordHasher

from hub.adapters.database.database import SqliteDatabase
from hub.adapters.notify.page import OpenPage
from hub.api import build_api
from hub.domain.alerts import Alert
from hub.domain.ladder import DEFAULT
from hub.domain.people import ChannelName, Role
from hub.services.access import Access, hashed
from hub.services.announce import Announcements
from hub.services.answer_alert import AlertDesk
from hub.services.consequences import Consequences
from hub.services.desk_watch import DeskWatch
from hub.services.device_settings import DeviceSettings
from hub.services.ladders import Ladders
from hub.services.live import Microphones
from hub.services.news import NewsFeed
from hub.services.ports import Grant
from hub.services.quiet_hours import QuietTimes
from hub.services.reaching import Reaching
from hub.services.recording import Outgoing, Policy
from hub.services.rota import Rotas
from hub.services.sentences import Spoken
from hub.services.served import SESSION_COOKIE, Services
from hub.services.track_devices import Devices
from tests.fakes.live import FakeLiveLink, FakeRecordings
from tests.hub.services.small_community import (
    NOON_MS,
    FakeClock,
    FakePublisher,
    FakeSounds,
    add_alert,
    small_community,
)


class Nobody:
    """Takes what would go out to people and elders."""

    def observe(self, alerts: Sequence[Alert]) -> None:
        """Nothing to note."""

    def submit(self, outgoing: Sequence[Outgoing] | Sequence[Spoken]) -> None:
        """Nothing to send."""


@dataclass
class Api:
    """`client` has no rights of its own: `as_role` and `as_person` give headers that do."""

    client: httpx.AsyncClient
    database: SqliteDatabase
    clock: FakeClock
    publisher: FakePublisher
    sounds: FakeSounds
    access: Access
    devices: Devices
    reasons: list[str] = field(default_factory=list)

    async def as_role(self, role: Role, language: str = "zh-CN") -> dict[str, str]:
        issued = await self.access.new_token(role=role, name=f"{role.value} program")
        return {"Authorization": f"Bearer {issued.secret}", "Accept-Language": language}

    async def as_person(self, person_id: str, role: Role = Role.VOLUNTEER) -> dict[str, str]:
        """A session of this person, carried as a bearer."""
        secret = f"secret-of-{person_id}"
        grant = Grant(hashed(secret), role, person_id, person_id, NOON_MS, NOON_MS + 10**9)
        await self.database.write(lambda tx: tx.access.add_grant(grant))
        return {"Authorization": f"Bearer {secret}"}

    async def cookie(self) -> dict[str, str]:
        """The first account's session, as a browser brings it."""
        issued = await self.access.first_start(
            community="阳光社区", name="管理员", username="admin", password="一个足够长的密码好记"
        )
        return {"Cookie": f"{SESSION_COOKIE}={issued.secret}"}


@pytest_asyncio.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with small_community(tmp_path) as database:
        await database.write(add_alert)
        clock, publisher, news, nobody = FakeClock(), FakePublisher(), NewsFeed(), Nobody()
        sounds = FakeSounds(clock)
        access = Access(database, clock, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        device_settings = DeviceSettings(database, publisher, clock, quiet_hours=((720, 840),))
        devices = Devices(database, publisher, clock, news, device_settings, reply_timeout_s=0)
        reasons: list[str] = []
        announcements = Announcements(database, publisher, sounds, clock, news)
        consequences, policy = Consequences(nobody, nobody, news), Policy(DEFAULT)
        desk = AlertDesk(database, consequences, clock, policy)
        services = Services(
            database=database,
            clock=clock,
            access=access,
            alerts=desk,
            announcements=announcements,
            microphones=Microphones(database, announcements, FakeLiveLink(), FakeRecordings(), clock),
            ladders=Ladders(database, clock, policy),
            devices=devices,
            desk_watch=DeskWatch(database, consequences, clock, policy, news),
            rotas=Rotas(database, clock, news),
            reaching=Reaching(
                database, clock, news, desk, ChannelName, {ChannelName.PAGE: OpenPage(news.has_open_page)}
            ),
            quiet=QuietTimes(database, device_settings, clock),
            news=news,
            ready=lambda: reasons,
            base_url="http://127.0.0.1:8080",
        )
        transport = httpx.ASGITransport(build_api(services), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
            yield Api(client, database, clock, publisher, sounds, access, devices, reasons)
