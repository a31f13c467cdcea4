"""The press path put together on a real database, with fakes of the world outside.

Asked on rung 0: Wang Fang (head of building 1: page, ntfy) and Li Qiang (helper of 101: page); rung 1: Chen Jun (grid
leader); rung 2: Sun Li (volunteer of the other grid, always on shift); rung 3: all of them. Building 3 has nobody of
its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from hub.adapters.database import tables
from hub.adapters.database.rows import columns
from hub.adapters.database.transaction import StoredTx
from hub.domain.alerts import Alert
from hub.domain.devices import Device
from hub.domain.ladder import DEFAULT
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person
from hub.domain.roster import Shift
from hub.services import notify, tell
from hub.services.answer_alert import AlertDesk
from hub.services.climb import DueLoop
from hub.services.consequences import Consequences
from hub.services.notify import Dispatcher
from hub.services.ports import JournalRow, Notification, PressRow, Telling, Tx
from hub.services.raise_alert import Received, read_press
from hub.services.recording import Policy
from hub.services.take_presses import TakePresses
from hub.services.tell import Teller
from hub.services.unrecorded import Unrecorded
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.fakes.database import FailingDatabase
from tests.fakes.news import FakeNews
from tests.fakes.publisher import FakePublisher
from tests.fakes.sounds import FakeSounds
from tests.hub.services.small_community import small_community

T = TypeVar("T")
DUTY = "http://duty.example/webhook"
POLICY = Policy(DEFAULT, DUTY)
RUNG_0 = {"wang", "li"}


def add_helpers(tx: Tx) -> None:
    """More people than the small community has, and a device where nobody is."""
    tx.people.add_people(
        [
            Person("chen", "陈军", contacts=(Contact(ChannelName.NTFY, "chen-topic"),)),
            Person("sun", "孙丽", contacts=(Contact(ChannelName.NTFY, "sun-topic"),)),
        ]
    )
    tx.people.add_assignments(
        [Assignment("chen", "grid-1", Duty.GRID_LEADER), Assignment("sun", "grid-2", Duty.VOLUNTEER)]
    )
    tx.rota.add_shifts([Shift("sun", "grid-2", weekday, 0, 1440) for weekday in range(7)])
    tx.devices.add_devices([Device("dev-3", "building-3")])


_PRESSES = select(*columns(tables.press, PressRow))


def all_presses(tx: Tx) -> list[PressRow]:
    """Every press that is stored, also those that belong to no alert."""
    assert isinstance(tx, StoredTx)
    return [PressRow(*row) for row in tx.presses.connection.execute(_PRESSES)]


@dataclass
class PressRig:
    """All parts of the press path, running; presses are handed in as the MQTT connection would."""

    database: FailingDatabase
    clock: FakeClock = field(default_factory=FakeClock)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    sounds: FakeSounds = field(default_factory=FakeSounds)
    news: FakeNews = field(default_factory=FakeNews)
    duty: FakeChannel = field(default_factory=FakeChannel)
    channels: dict[ChannelName, FakeChannel] = field(
        default_factory=lambda: {name: FakeChannel() for name in ChannelName}
    )
    seq: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(self.database, dict(self.channels), self.clock, POLICY, self.news)
        self.teller = Teller(self.database, self.publisher, self.sounds, self.clock, self._is_behind)
        self.consequences = Consequences(self.dispatcher, self.teller, self.news)
        self.loop = DueLoop(self.database, self.consequences, self.clock, POLICY)
        self.desk = AlertDesk(self.database, self.consequences, self.clock, POLICY)
        self.unrecorded = Unrecorded(self.duty, DUTY, "zh", self.clock, self.news)
        self.presses = TakePresses(
            self.database,
            self.consequences,
            self.publisher,
            self.clock,
            POLICY,
            self.unrecorded,
            self._is_behind,
        )

    def _is_behind(self) -> bool:
        return self.dispatcher.is_behind()

    # --- what happens ----------------------------------------------------------------------------------

    def received(
        self, button: str = "101", gesture: str = "press", device: str = "dev-1", press_id: str | None = None
    ) -> Received:
        """A press as it comes from the broker, each a new one."""
        seq = next(self.seq)
        body = {
            "press_id": press_id or f"press-{seq}",
            "button": button,
            "gesture": gesture,
            "pressed_at_ms": self.clock.now_ms(),
            "seq": seq,
        }
        return Received(device, json.dumps(body).encode(), self.clock.now_ms())

    async def press(self, button: str = "101", gesture: str = "press", device: str = "dev-1") -> Alert:
        """One press, stored; its alert as it is then."""
        received = self.received(button, gesture, device)
        await self.presses.take([received])
        key = read_press(received).key
        alert_id = (await self.read(lambda tx: tx.presses.known([key])))[key].alert_id
        assert alert_id is not None
        return await self.alert(alert_id)

    async def pass_ms(self, by_ms: int) -> None:
        """Time goes by, and the loop takes what has come due, until nothing is due any more."""
        self.clock.pass_ms(by_ms)
        while await self.loop.turn():
            pass

    # --- what is there ---------------------------------------------------------------------------------

    async def read(self, job: Callable[[Tx], T]) -> T:
        return await self.database.read(job)

    async def alerts(self) -> list[Alert]:
        """All alerts, the oldest first."""
        return (await self.read(lambda tx: tx.alerts.latest(1_000)))[::-1]

    async def alert(self, alert_id: str) -> Alert:
        """The alert as it is stored."""
        found = await self.read(lambda tx: tx.alerts.get(alert_id))
        assert found is not None
        return found

    async def journal(self, alert_id: str) -> list[str]:
        """What happened, in order."""
        rows: list[JournalRow] = await self.read(lambda tx: tx.alerts.journal(alert_id))
        return [row.entry.what for row in rows]

    async def notifications(self, alert_id: str) -> list[Notification]:
        """All that people were to be sent."""
        return await self.read(lambda tx: tx.notifications.of_alert(alert_id))

    async def tellings(self, alert_id: str) -> list[Telling]:
        """All that the elder was to be told."""
        return await self.read(lambda tx: tx.tellings.of_alert(alert_id))

    async def stored(self, alert_id: str) -> list[PressRow]:
        """The presses of an alert."""
        return await self.read(lambda tx: tx.presses.of_alert(alert_id))


@asynccontextmanager
async def press_rig(folder: Path) -> AsyncIterator[PressRig]:
    """A rig whose senders run until the end of the block, and wait for nothing to gather."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(notify, "GATHER_S", 0.0)
        patches.setattr(tell, "GATHER_S", 0.0)
        async with _running(folder) as rig:
            yield rig


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[PressRig]:
    async with small_community(folder) as database:
        await database.write(add_helpers)
        rig = PressRig(FailingDatabase(database))
        async with asyncio.TaskGroup() as group:
            works = [rig.dispatcher.run(), rig.teller.run(), rig.unrecorded.run(), rig.presses.run()]
            tasks = [group.create_task(work) for work in works]
            yield rig
            for task in tasks:
                task.cancel()
