"""A community small enough to know by heart, on a real database in a temporary folder, with fakes of the world."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub.adapters.database.database import SqliteDatabase
from hub.domain.alerts import Alert, Entry, Kind, Purpose, Stage, State
from hub.domain.devices import Device
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person
from hub.domain.places import Home, Place, PlaceKind
from hub.services.ports import (
    Button,
    Community,
    Notification,
    PublishFailed,
    Sound,
    SoundFailed,
    Telling,
    Tx,
)
from wire.messages import Manifest, Stop, Timeline, read_announce

NOON_MS = 1_764_561_600_000
"""2025-12-01 12:00 in Shanghai."""
SOUND_MS = 4_000


@dataclass
class FakeClock:
    """Time stands still until a test moves it."""

    ms: int = NOON_MS
    base_ns: int = 0

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> int:
        return self.ms

    def boot_id(self) -> str:
        return "boot"

    def timeline(self) -> Timeline:
        return Timeline(boot="boot", base_ns=self.base_ns)


@dataclass
class FakePublisher:
    """Keeps what was published, in order, as (topic's end, payload); without a link everything fails."""

    is_linked: bool = True
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    expiries: list[int] = field(default_factory=list)

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        self._publish(f"dev/{device}/{kind}{' retained' if is_retained else ''}", payload, expiry_s)

    async def to_place(self, community: str, place: str, payload: bytes, *, expiry_s: int) -> None:
        self._publish(f"place/{community}/{place}", payload, expiry_s)

    async def audio(self, sound: Sound, *, expiry_s: int) -> None:
        self._publish("audio", sound.opus, expiry_s)

    def topics(self) -> list[str]:
        """Where it was published, in order."""
        return [topic for topic, _ in self.sent]

    def announced(self) -> list[tuple[str, Manifest | Stop]]:
        """The manifests and stops, each with where it went."""
        places = [(topic, payload) for topic, payload in self.sent if topic.startswith(("place/", "dev/"))]
        read = [(topic, read_announce(payload)) for topic, payload in places]
        return [(topic, one) for topic, one in read if isinstance(one, Manifest | Stop)]

    def _publish(self, topic: str, payload: bytes, expiry_s: int) -> None:
        if not self.is_linked:
            raise PublishFailed
        self.sent.append((topic, payload))
        self.expiries.append(expiry_s)


@dataclass
class FakeSounds:
    """The text itself as sound, always four seconds long; takes `takes_ms` of the clock to make."""

    clock: FakeClock
    takes_ms: int = 0
    is_broken: bool = False

    async def announcement(self, text: str, kind: str, language: str) -> Sound:
        if self.is_broken:
            raise SoundFailed("the voice died")
        self.clock.ms += self.takes_ms
        opus = f"{kind} {language} {text}".encode()
        return Sound(opus, hashlib.sha256(opus).hexdigest(), SOUND_MS)

    async def clip(self, text: str, language: str) -> Sound:
        return await self.announcement(text, "clip", language)


PLACES = (
    Place("all", PlaceKind.COMMUNITY, "阳光社区"),
    Place("grid-1", PlaceKind.GRID, "第一网格", "all"),
    Place("grid-2", PlaceKind.GRID, "第二网格", "all"),
    Place("building-1", PlaceKind.BUILDING, "1栋", "grid-1", 10, 20),
    Place("building-2", PlaceKind.BUILDING, "2栋", "grid-1", 30, 20),
    Place("building-3", PlaceKind.BUILDING, "3栋", "grid-2", 50, 20),
    Place("building-1-unit-1", PlaceKind.UNIT, "1栋1单元", "building-1"),
)
PEOPLE = (
    Person("wang", "王芳", "13800000001", contacts=(Contact(ChannelName.PAGE), Contact(ChannelName.NTFY, "secret"))),
    Person("li", "李强", "13800000002", contacts=(Contact(ChannelName.PAGE),)),
    Person("zhao", "赵敏", "13800000003"),
)


def fill(tx: Tx) -> None:
    """Two grids, three buildings (the third without a device), three people."""
    tx.places.create(Community(1, "sunny", "阳光社区", "Asia/Shanghai", "zh"))
    tx.places.add_places(PLACES)
    tx.places.add_homes([Home("home-1-101", "building-1", "1栋101室")])
    tx.people.add_people(PEOPLE)
    tx.people.add_assignments(
        [
            Assignment("wang", "building-1", Duty.BUILDING_HEAD),
            Assignment("li", "home-1-101", Duty.HELPER),
        ]
    )
    tx.devices.add_devices([Device("dev-1", "building-1"), Device("dev-2", "building-2")])
    tx.devices.add_buttons([Button("dev-1", "101", "home-1-101", "home")])


def add_alert(tx: Tx, alert_id: str = "alert-1", state: State = State.OPEN, opened_ms: int = NOON_MS) -> Alert:
    """An alert from 101 of which Wang Fang was asked."""
    is_closed = state is State.CLOSED
    alert = Alert(
        id=alert_id,
        kind=Kind.CALL,
        joins=alert_id,
        device="dev-1",
        button="101",
        place="building-1",
        home_id="home-1-101",
        opened_ms=opened_ms,
        state=state,
        rung=0,
        due_ms=None if is_closed else opened_ms + 45_000,
        remind_ms=None,
        closed_ms=opened_ms + 1 if is_closed else None,
    )
    tx.alerts.add([alert])
    tx.alerts.add_journal([(alert_id, opened_ms, Entry("opened", "elder"))])
    tx.notifications.add(
        [
            Notification(
                f"note-{alert_id}",
                alert_id,
                "wang",
                ChannelName.NTFY,
                "secret",
                Purpose.ASK,
                None,
                0,
                opened_ms,
                opened_ms,
            )
        ]
    )
    tx.tellings.add([Telling(f"tell-{alert_id}", alert_id, "dev-1", "101", Stage.RECORDED, 0, None, None, opened_ms)])
    return alert


_made: list[bytes] = []


@asynccontextmanager
async def small_community(folder: Path) -> AsyncIterator[SqliteDatabase]:
    """Its database, started and filled; made once in a run and copied for each test."""
    path = folder / "hub.db"
    if not _made:
        first = SqliteDatabase(path)
        await first.start()
        await first.write(fill)
        await first.close()
        _made.append(path.read_bytes())
    path.write_bytes(_made[0])
    database = SqliteDatabase(path)
    await database.start()
    try:
        yield database
    finally:
        await database.close()
