"""Who can be reached is known in time, and only from signs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.adapters.notify.page import OpenPage
from hub.domain.alerts import Alert, Purpose, State
from hub.domain.errors import NotFound
from hub.domain.people import ChannelName
from hub.domain.reachability import WITHOUT_SHIFT_MS, Reach, Reachability, Why
from hub.domain.roster import Shift
from hub.services.answer_alert import AlertDesk
from hub.services.consequences import Consequences
from hub.services.ports import Notification
from hub.services.reaching import Reaching, remember_outcomes
from tests.fakes.news import FakeNews
from tests.hub.services.press_rig import POLICY, PressRig, press_rig
from tests.hub.services.small_community import NOON_MS, FakeClock, small_community

HOUR_MS = 3_600_000
NTFY, PAGE = ChannelName.NTFY, ChannelName.PAGE


@dataclass
class Rig:
    """Wang has page and ntfy, Li the page, Zhao nothing; `open_pages` are those whose page is open."""

    database: SqliteDatabase
    clock: FakeClock = field(default_factory=FakeClock)
    news: FakeNews = field(default_factory=FakeNews)
    open_pages: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        probes = {PAGE: OpenPage(lambda person_id: person_id in self.open_pages)}
        desk = AlertDesk(self.database, Consequences(self, self, self.news), self.clock, POLICY)
        self.reaching = Reaching(self.database, self.clock, self.news, desk, {NTFY, PAGE}, probes)

    def observe(self, alerts: Sequence[Alert]) -> None:
        """Nothing is sent here."""

    def submit(self, outgoing: Sequence[object]) -> None:
        """Nothing is sent here, and nobody told."""

    async def known(self, person_id: str = "wang") -> Reachability:
        now_ms = self.clock.now_ms()
        found = await self.database.read(lambda tx: self.reaching.of(tx, tx.people.people().values(), now_ms))
        return found[person_id]

    async def unreachable(self) -> frozenset[str]:
        return await self.database.read(lambda tx: tx.reach.unreachable())

    async def outcome(self, person_id: str, channel: ChannelName, state: str) -> None:
        now_ms = self.clock.now_ms()
        made = Notification("n", "a", person_id, channel, "", Purpose.ASK, None, 0, now_ms, now_ms, state, attempts=1)
        await self.database.write(lambda tx: remember_outcomes(tx, [made], now_ms))


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        yield Rig(database)


async def test_without_a_sign_it_is_unknown_and_without_a_channel_it_is_known_that_nothing_reaches(rig: Rig) -> None:
    assert await rig.known("li") == Reachability(Reach.UNKNOWN, Why.NOTHING)
    await rig.reaching.turn()
    assert await rig.unreachable() == {"zhao"}


async def test_an_open_page_is_a_sign_and_a_closed_one_is_none(rig: Rig) -> None:
    rig.open_pages.add("li")
    assert await rig.known("li") == Reachability(Reach.REACHABLE, Why.PAGE_OPEN)
    rig.open_pages.clear()
    assert await rig.known("li") == Reachability(Reach.UNKNOWN, Why.NOTHING)


async def test_what_somebody_says_at_a_shift_holds_to_its_end(rig: Rig) -> None:
    await rig.database.write(lambda tx: tx.rota.put([Shift("wang", "grid-1", 0, 12 * 60 + 30, 14 * 60)], NOON_MS))
    await rig.reaching.say("wang", "wang", is_here=True)
    assert (await rig.known()).why is Why.HERE
    rig.clock.ms += 2 * HOUR_MS
    assert (await rig.known()).reach is Reach.UNKNOWN


async def test_without_a_shift_it_holds_for_half_a_day(rig: Rig) -> None:
    await rig.reaching.say("wang", "wang", is_here=False)
    assert await rig.unreachable() >= {"wang"}
    rig.clock.ms += WITHOUT_SHIFT_MS
    await rig.reaching.turn()
    assert "wang" not in await rig.unreachable()


async def test_who_says_not_here_is_known_at_once_and_answering_takes_it_back(rig: Rig) -> None:
    await rig.reaching.say("wang", "wang", is_here=False)
    assert await rig.unreachable() >= {"wang"}
    assert [row.what for row in await rig.database.read(lambda tx: tx.audit.latest(9))] == ["said_away"]
    rig.clock.ms += 1
    await rig.reaching.answered("wang")
    assert "wang" not in await rig.unreachable()


async def test_failures_on_every_channel_are_known_at_the_next_look_and_one_that_is_taken_clears_them(rig: Rig) -> None:
    await rig.outcome("wang", PAGE, "failed")
    assert (await rig.known()).reach is Reach.UNKNOWN
    await rig.outcome("wang", NTFY, "due")  # tried, and to be tried again
    await rig.reaching.turn()
    assert await rig.unreachable() == {"wang", "zhao"}
    assert rig.news.topics == ["rota"]
    await rig.reaching.turn()
    assert rig.news.topics == ["rota"]  # nothing new
    await rig.outcome("wang", NTFY, "sent")
    await rig.reaching.turn()
    assert await rig.unreachable() == {"zhao"}
    assert (await rig.known()).reach is Reach.UNKNOWN  # taken by a gateway is not read by a person


async def test_what_was_not_sent_because_nobody_was_needed_says_nothing(rig: Rig) -> None:
    await rig.outcome("wang", NTFY, "dropped")
    assert await rig.database.read(lambda tx: tx.reach.signs()) == {}


async def test_nobody_says_it_for_somebody_who_does_not_exist(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.reaching.say("nobody", "desk", is_here=True)


# --- what follows from it ------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def presses(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


def reaching_of(presses: PressRig) -> Reaching:
    return Reaching(presses.database, presses.clock, presses.news, presses.desk, ChannelName, {})


async def asked_at_once(presses: PressRig) -> set[str]:
    """Who is asked in the very transaction of a press."""
    alert = await presses.press()
    notes = await presses.notifications(alert.id)
    return {one.person_id for one in notes if one.purpose is Purpose.ASK and one.person_id}


async def test_when_nobody_of_a_rung_can_be_reached_the_next_is_asked_at_once_and_they_are_asked_too(
    presses: PressRig,
) -> None:
    for person_id in ("wang", "li"):
        await reaching_of(presses).say(person_id, person_id, is_here=False)
    assert await asked_at_once(presses) == {"wang", "li", "chen"}


async def test_one_who_may_be_reached_is_enough_and_what_is_unknown_hastens_nothing(presses: PressRig) -> None:
    await reaching_of(presses).turn()
    await reaching_of(presses).say("wang", "wang", is_here=False)
    assert await asked_at_once(presses) == {"wang", "li"}


async def test_whoever_is_back_waits_for_the_next_rung_as_always(presses: PressRig) -> None:
    for is_here in (False, True):
        for person_id in ("wang", "li"):
            await reaching_of(presses).say(person_id, person_id, is_here=is_here)
            presses.clock.pass_ms(1)
    assert await asked_at_once(presses) == {"wang", "li"}


async def away(presses: PressRig, *people: str) -> None:
    """They say 不在, one after the other."""
    for person_id in people:
        await reaching_of(presses).say(person_id, person_id, is_here=False)


async def test_when_all_who_were_asked_say_that_they_are_not_there_the_next_rung_is_asked_at_once(
    presses: PressRig,
) -> None:
    alert = await presses.press()
    await presses.pass_ms(5_000)
    await away(presses, "wang")
    await presses.pass_ms(0)
    assert (await presses.alert(alert.id)).rung == 0  # the other may still come
    await away(presses, "li", "li")
    await presses.pass_ms(0)
    assert (await presses.alert(alert.id)).rung == 1
    assert (await presses.journal(alert.id)).count("declined") == 2


async def test_whoever_was_not_there_from_the_start_is_not_waited_for_when_the_other_declines(
    presses: PressRig,
) -> None:
    await away(presses, "li")
    alert = await presses.press()
    assert alert.rung == 0
    await presses.desk.decline(alert.id, "wang")
    await presses.pass_ms(0)
    assert (await presses.alert(alert.id)).rung == 1


async def test_who_is_not_there_keeps_what_they_accepted_and_declines_nothing_that_they_were_not_asked(
    presses: PressRig,
) -> None:
    alert = await presses.press()
    elsewhere = await presses.press("hall", device="dev-3")
    assert {one.person_id for one in await presses.notifications(elsewhere.id)} == {"sun", None}
    await presses.desk.accept(alert.id, "wang", 4)
    await away(presses, "wang")
    assert (await presses.alert(alert.id)).state is State.ACCEPTED
    for one in (alert, elsewhere):
        assert "declined" not in await presses.journal(one.id)
