"""A whole community for the pages: 69 buildings in 8 grids on a real database, real services, fakes of the world."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from argon2 import PasswordHasher

from hub.adapters.database.database import SqliteDatabase
from hub.adapters.notify.page import OpenPage
from hub.console import ConsoleApp, build_console
from hub.domain.alerts import Alert
from hub.domain.announcements import Evidence, Progress, Reached
from hub.domain.devices import SAYS_ONLINE, Device, Part
from hub.domain.findings import Finding
from hub.domain.ladder import DEFAULT
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person, Resident
from hub.domain.places import Home, Place, PlaceKind
from hub.domain.roster import Shift
from hub.services.access import Access
from hub.services.announce import Announcements
from hub.services.answer_alert import AlertDesk
from hub.services.consequences import Consequences
from hub.services.desk_watch import DeskWatch
from hub.services.device_settings import DeviceSettings
from hub.services.ladders import Ladders
from hub.services.live import Microphones
from hub.services.news import NewsFeed
from hub.services.phones import Phones
from hub.services.ports import Button, Channel, Clock, Community, Tx
from hub.services.quiet_hours import QuietTimes
from hub.services.raise_alert import Received, raise_alerts
from hub.services.reaching import Reaching
from hub.services.recording import Committed, Outgoing, Policy
from hub.services.rota import Rotas
from hub.services.sentences import Spoken
from hub.services.served import Services
from hub.services.track_devices import Devices
from tests.fakes.live import FakeLiveLink, FakeRecordings
from tests.hub.services.small_community import FakeClock, FakePublisher, FakeSounds
from wire.ids import new_id
from wire.messages import Gesture, Press

PASSWORD = "a long enough password"
BUILDINGS, GRIDS = 69, 8
HELD, ELDER = "building-17", "home-17-502"
PUSH_KEY = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
"""A public key as browsers take it (RFC 8291, appendix A)."""
SETTING = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Cheap, since these tests are not about passwords."""


class Outside:
    """What would send and speak: `deliver` writes all of it down as done, but for what goes to 陈, which fails."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.outgoing: list[Outgoing] = []
        self.tellings: list[Spoken] = []

    def observe(self, alerts: Sequence[Alert]) -> None:
        """Nothing waits here."""

    def submit(self, things: Sequence[Outgoing] | Sequence[Spoken]) -> None:
        for one in things:
            if isinstance(one, Outgoing):
                self.outgoing.append(one)
            else:
                self.tellings.append(one)

    async def deliver(self) -> None:
        """Writes down that all of it went out."""
        now_ms, sent = self._clock.now_ms(), [one.notification for one in self.outgoing]
        done = [
            replace(one, state="failed", attempts=3, error="gateway answered 503")
            if one.person_id == "chen"
            else replace(one, state="sent", attempts=1, sent_ms=now_ms)
            for one in sent
        ]
        told = [one.telling.id for one in self.tellings]

        def job(tx: Tx) -> None:
            tx.notifications.save(done)
            tx.tellings.mark_sent(told, now_ms)

        await self._database.write(job)
        self.outgoing.clear()
        self.tellings.clear()


@dataclass
class Stage:
    """The console with all that it stands on."""

    app: ConsoleApp
    services: Services
    database: SqliteDatabase
    clock: Clock
    news: NewsFeed
    publisher: FakePublisher
    outside: Outside
    live: FakeLiveLink
    trouble: list[str] = field(default_factory=list)

    async def press(self, device: str = "dd-17", button: str = "502", gesture: Gesture = Gesture.PRESS) -> str:
        """A press as it comes from the broker; gives the alert's id."""
        now_ms = self.clock.now_ms()
        press = Press(press_id=new_id(now_ms), button=button, pressed_at_ms=now_ms, seq=1, gesture=gesture)
        received = Received(device, press.to_payload(), now_ms)
        raised = await self.database.write(lambda tx: raise_alerts(tx, [received], POLICY, now_ms))
        await self.follow(raised.committed)
        assert raised.presses[0].alert_id is not None
        return raised.presses[0].alert_id

    async def follow(self, committed: Committed) -> None:
        """What a commit leads to, all of it delivered."""
        Consequences(self.outside, self.outside, self.news).follow(committed)
        await self.outside.deliver()

    async def progress(
        self,
        announcement_id: str,
        states: Sequence[tuple[int, Reached, bool]],
        findings: Mapping[int, Finding] | None = None,
    ) -> None:
        """So many devices, in the order of the buildings, reached this state and were heard or not.

        `findings` is what was found wrong, by the number of the building.
        """
        rows, index = [], 0
        for count, reached, is_heard in states:
            for _ in range(count):
                index += 1
                finding = (findings or {}).get(index, Finding.FINE if is_heard else Finding.SILENT)
                evidence = Evidence(is_heard, 0.93 if is_heard else 0.04, 12.0, -18.5, finding)
                rows.append(
                    Progress(
                        f"dd-{index}",
                        f"building-{index}",
                        reached,
                        {Reached.SENT: 1, reached: self.clock.now_ms()},
                        evidence=evidence if reached is Reached.PLAYED else None,
                    )
                )
        await self.database.write(lambda tx: tx.announcements.save_progress([(announcement_id, row) for row in rows]))
        self.news.tell(f"announcement:{announcement_id}")


POLICY = Policy(DEFAULT)
PEOPLE = (
    ("wang", "王芳", Duty.BUILDING_HEAD, HELD),
    ("li", "李强", Duty.HELPER, ELDER),
    ("chen", "陈建国", Duty.GRID_LEADER, "grid-2"),
    ("zhao", "赵敏", Duty.VOLUNTEER, "grid-2"),
    ("ouyang", "欧阳慕容雪莲", Duty.VOLUNTEER, "grid-2"),
    ("guli", "阿依古丽·买买提江", Duty.VOLUNTEER, "grid-3"),
    ("desk", "值班员 周丽华", Duty.DESK, "all"),
)


def fill(tx: Tx, now_ms: int, *, has_places: bool = True) -> None:
    """The whole community; its devices are heard from, most of them proved."""
    tx.places.create(Community(1, "xingfuli", "幸福里街道阳光花园社区", "Asia/Shanghai", "zh"))
    tx.places.add_places([Place("all", PlaceKind.COMMUNITY, "阳光花园社区")])
    if not has_places:
        return
    names = "一二三四五六七八"[:GRIDS]
    grids = [Place(f"grid-{n}", PlaceKind.GRID, f"第{name}网格", "all") for n, name in enumerate(names, 1)]
    tx.places.add_places([*grids, *(_building(n) for n in range(1, BUILDINGS + 1))])
    tx.places.add_homes([Home(ELDER, HELD, "17栋2单元502室"), Home("home-31-101", "building-31", "31栋1单元101室")])
    tx.residents.add_residents(
        [
            Resident("r1", ELDER, "刘奶奶", 1941, "听力不好，请大声；钥匙在对门 501"),
            Resident("r2", "home-31-101", "司马相如爷爷", 1938),
        ]
    )
    _people(tx)
    tx.devices.add_devices([Device(f"dd-{n}", f"building-{n}") for n in range(1, BUILDINGS + 1)])
    tx.devices.save([_device(n, now_ms) for n in range(1, BUILDINGS + 1)])
    tx.devices.add_buttons([Button("dd-17", "502", ELDER, "home"), Button("dd-31", "101", "home-31-101", "home")])


def _building(n: int) -> Place:
    grid, at = divmod(n - 1, 9)
    x, y = (grid % 4) * 250.0 + (at % 3) * 70.0, (1 - grid // 4) * 230.0 + (at // 3) * 55.0
    return Place(f"building-{n}", PlaceKind.BUILDING, f"{n}栋", f"grid-{grid + 1}", x, y)


def _people(tx: Tx) -> None:
    contacts = (Contact(ChannelName.PAGE), Contact(ChannelName.NTFY, "topic"))
    tx.people.add_people(
        [
            Person(one, name, f"1380000{index:04}", contacts=contacts)
            for index, (one, name, _, _) in enumerate(PEOPLE, 1)
        ]
    )
    tx.people.add_assignments([Assignment(one, place, duty) for one, _, duty, place in PEOPLE])
    tx.rota.add_shifts(
        [Shift(one, place, day, 0, 0) for one, _, duty, place in PEOPLE if duty is Duty.VOLUNTEER for day in range(7)]
    )


def _device(n: int, now_ms: int) -> Device:
    hour = 3_600_000
    device = Device(
        f"dd-{n}",
        f"building-{n}",
        state=SAYS_ONLINE,
        heard_ms=now_ms,
        clock_offset_ms=0.4 if n != 9 else -132.7,
        outbox=0 if n != 12 else 3,
        proved_ms={Part.SPEAKER: now_ms - 6 * hour, Part.MICROPHONE: now_ms - 6 * hour},
    )
    match n:
        case 5:
            return Device("dd-5", "building-5")
        case 23:
            return replace(device, state="offline", heard_ms=now_ms - 40 * hour)
        case 40:
            return replace(device, proved_ms={Part.SPEAKER: now_ms - 60 * hour})
        case 41 | 42 | 43 | 44 | 45 | 46:
            finding = list(Finding)[n - 40]
            return replace(device, finding=finding, finding_ms=now_ms - hour)
        case _:
            return device


@asynccontextmanager
async def stage(
    folder: Path,
    *,
    clock: Clock | None = None,
    has_account: bool = True,
    has_places: bool = True,
    push: Channel | None = None,
) -> AsyncIterator[Stage]:
    """The console of this community; `zhou` may sign in with PASSWORD, an administrator. `push` turns Web Push on."""
    clock = clock or FakeClock()
    database, news, publisher = SqliteDatabase(folder / "hub.db"), NewsFeed(), FakePublisher()
    await database.start()
    try:
        now_ms = clock.now_ms()
        await database.write(lambda tx: fill(tx, now_ms, has_places=has_places))
        outside = Outside(database, clock)
        trouble: list[str] = []
        announcements = Announcements(database, publisher, FakeSounds(FakeClock()), clock, news)
        live = FakeLiveLink()
        device_settings = DeviceSettings(database, publisher, clock, quiet_hours=((720, 840), (1200, 450)))
        desk = AlertDesk(database, Consequences(outside, outside, news), clock, POLICY)
        services = Services(
            database=database,
            clock=clock,
            access=Access(database, clock, hasher=SETTING),
            alerts=desk,
            announcements=announcements,
            microphones=Microphones(database, announcements, live, FakeRecordings(), clock),
            ladders=Ladders(database, clock, POLICY),
            devices=Devices(database, publisher, clock, news, device_settings),
            desk_watch=DeskWatch(database, Consequences(outside, outside, news), clock, POLICY, news),
            rotas=Rotas(database, clock, news),
            reaching=Reaching(
                database, clock, news, desk, ChannelName, {ChannelName.PAGE: OpenPage(news.has_open_page)}
            ),
            quiet=QuietTimes(database, device_settings, clock),
            news=news,
            ready=lambda: trouble,
            base_url="http://127.0.0.1",
            phones=Phones(database, push, clock, PUSH_KEY) if push else None,
        )
        if has_account:
            await services.access.first_start(
                community="幸福里街道阳光花园社区", name="周丽华", username="zhou", password=PASSWORD
            )
        yield Stage(build_console(services), services, database, clock, news, publisher, outside, live, trouble)
    finally:
        await database.close()
