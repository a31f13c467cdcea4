"""The press path on a real database against everything at once: batches, people, channels, crashes, clocks, bad disks.

The machine stands in for the lanes of the dispatcher: it lets requests begin and end one by one, by the dispatcher's
own rules, and all that was in memory is lost when the hub dies. A plain model says who must have been asked.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from hub.adapters.database import tables
from hub.adapters.database.database import SqliteDatabase
from hub.adapters.database.rows import columns
from hub.adapters.database.transaction import StoredTx
from hub.domain.alerts import ARRIVED_ASK_MS, GRACE_MS, MAX_ETA_MINUTES, Alert, Aloud, Entry, Purpose, State
from hub.domain.errors import Changed, Invalid, StepNotAllowed
from hub.domain.ladder import DEFAULT, Ladder, Rung, Who
from hub.domain.ladders import LadderRule
from hub.domain.people import ChannelName
from hub.domain.roster import Absence
from hub.services import take_presses
from hub.services.answer_alert import AlertDesk
from hub.services.climb import DueLoop
from hub.services.consequences import Consequences
from hub.services.ladders import Ladders
from hub.services.notify import BACKOFF_MS, LONG_MS, Dispatcher, record_outcomes
from hub.services.ports import Callout, CommitFailed, Database, JournalRow, Notification, PressKey, PressRow, Tx
from hub.services.raise_alert import Received, read_press
from hub.services.reaching import Reaching
from hub.services.recording import Committed, Outgoing
from hub.services.take_presses import TakePresses
from hub.services.unrecorded import Unrecorded
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.fakes.database import FailingDatabase
from tests.fakes.news import FakeNews
from tests.fakes.publisher import FakePublisher
from tests.hub.services.asking_model import Walk, World, has_failed
from tests.hub.services.press_rig import POLICY, add_helpers, all_presses
from tests.hub.services.small_community import fill
from wire import ids

T = TypeVar("T")
BUTTONS = [("dev-1", "101"), ("dev-1", "102"), ("dev-3", "b"), ("ghost", "b")]
PEOPLE = st.sampled_from(["wang", "li", "chen", "sun"])
GESTURES = st.sampled_from(["press", "press", "press", "cancel", "arrival", "ok", "service"])
PRESSES = st.lists(st.tuples(st.sampled_from(BUTTONS), GESTURES, st.integers(0, 5)), min_size=1, max_size=4)
WHICH = st.integers(0, 1_000)
LADDERS: list[Ladder] = [
    DEFAULT,
    (Rung((Who.EVERYONE,), 60_000),),
    (Rung((Who.HELPER, Who.BUILDING_HEAD), 20_000, needed=2), Rung((Who.EVERYONE,), 60_000, needed=3)),
    (Rung((Who.FAMILY,), 20_000), Rung((Who.GRID_LEADER,), 20_000, (ChannelName.NTFY,)), *DEFAULT[2:]),
]
IN_MEMORY = Path("/dev/shm")
"""No power is cut here, so nothing is learned from waiting for a disk."""
_template: list[bytes] = []


@dataclass
class Stored:
    """One alert with all that was written of it."""

    alert: Alert
    callouts: list[Callout]
    notes: list[Notification]
    journal: list[JournalRow]
    tellings: int


_ROW = tables.journal.c
_CALLOUTS = select(*columns(tables.callout, Callout))
_NOTES = select(*columns(tables.notification, Notification))
_JOURNAL = select(_ROW.id, _ROW.alert_id, _ROW.at_ms, _ROW.what, _ROW.actor, _ROW.detail).order_by(_ROW.id)
_TOLD = select(tables.telling.c.alert_id)


def all_alerts(tx: Tx) -> list[Stored]:
    """Every alert, read a table at a time: reading is what most of a run costs."""
    assert isinstance(tx, StoredTx)
    read = tx.alerts.connection.execute
    callouts, notes, journal = defaultdict(list), defaultdict(list), defaultdict(list)
    for callout in (Callout(*row) for row in read(_CALLOUTS)):
        callouts[callout.alert_id].append(callout)
    for note in (Notification(*row) for row in read(_NOTES)):
        notes[note.alert_id].append(note)
    for row_id, alert_id, at_ms, what, actor, detail in read(_JOURNAL):
        journal[alert_id].append(JournalRow(row_id, alert_id, at_ms, Entry(what, actor, detail)))
    told = Counter(alert_id for (alert_id,) in read(_TOLD))
    return [
        Stored(one, callouts[one.id], notes[one.id], journal[one.id], told[one.id]) for one in tx.alerts.latest(1_000)
    ]


def _copied(path: Path, runner: asyncio.Runner) -> SqliteDatabase:
    """The small community with its helpers, started; made once, copied after."""

    async def make() -> None:
        first = SqliteDatabase(path)
        await first.start()
        await first.write(fill)
        await first.write(add_helpers)
        await first.close()

    if not _template:
        runner.run(make())
        _template.append(path.read_bytes())
    path.write_bytes(_template[0])
    database = SqliteDatabase(path)
    runner.run(database.start())
    return database


class Counting:
    """In place of chance."""

    def __init__(self) -> None:
        self._next = count()

    def randbits(self, bits: int) -> int:
        """The next number."""
        return next(self._next) & ((1 << bits) - 1)


class Mute:
    """Tells no elder."""

    def submit(self, tellings: object) -> None:
        """Nothing."""


class Mortal(Consequences):
    """What follows a commit; a hub that dies at this moment does nothing of it."""

    is_dying = False

    def follow(self, committed: Committed) -> None:
        """Acts on it, unless the hub dies."""
        if not self.is_dying:
            super().follow(committed)


class PressMachine(RuleBasedStateMachine):
    """Each rule is one thing that happens; the model is what was sent, and who was truly asked."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
        self.real = _copied(self.folder / "hub.db", self.runner)
        self.database = FailingDatabase(self.real)
        self.others = SqliteDatabase(self.folder / "hub.db")
        self.run(self.others.start())
        self.clock = FakeClock()
        self.on_the_way: list[Outgoing] = []
        self.world = World()
        self.walks: defaultdict[str, Walk] = defaultdict(Walk)
        self.sent: list[Received] = []
        self.read_keys: set[PressKey] = set()
        self.unreadable = 0
        self.answers: dict[PressKey, tuple[str | None, bool, int]] = {}
        self.asked: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.patches = pytest.MonkeyPatch()
        self.patches.setattr(take_presses, "AGAIN_S", 0.0)
        self.patches.setattr(ids, "secrets", Counting())  # or no failing run could be repeated
        self.start()

    def start(self) -> None:
        """A hub begins on the database as it is."""
        news, channel = FakeNews(), FakeChannel()
        self.on_the_way = []
        self.dispatcher = Dispatcher(self.database, dict.fromkeys(ChannelName, channel), self.clock, POLICY, news)
        self.consequences = Mortal(self.dispatcher, Mute(), news)
        self.desk = AlertDesk(self.database, self.consequences, self.clock, POLICY)
        self.loop = DueLoop(self.database, self.consequences, self.clock, POLICY)
        self.reaching = Reaching(self.database, self.clock, news, self.desk, ChannelName, {})
        self.presses = self.intake(self.database, self.consequences)
        # Another hub, by its own hand on the same file. It dies before it has sent anything: that is left to this one.
        gone = Mortal(self.dispatcher, Mute(), news)
        gone.is_dying = True
        self.other_desk = AlertDesk(self.others, gone, self.clock, POLICY)
        self.other_loop = DueLoop(self.others, gone, self.clock, POLICY)
        self.other_presses = self.intake(self.others, gone)

    def intake(self, database: Database, consequences: Consequences) -> TakePresses:
        unrecorded = Unrecorded(FakeChannel(), "", "zh", self.clock, FakeNews())
        return TakePresses(database, consequences, FakePublisher(), self.clock, POLICY, unrecorded, lambda: False)

    def run(self, work: Coroutine[object, object, T]) -> T:
        return self.runner.get_loop().run_until_complete(work)  # run() sets and takes back a signal handler

    def read(self, job: Callable[[Tx], T]) -> T:
        """As the database reads, without the way to a thread and back."""
        return self.real._read(job)

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.patches.undo()
            self.run(self.real.close())
            self.run(self.others.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    # --- presses ---------------------------------------------------------------------------------------

    def made(self, presses: list[tuple[tuple[str, str], str, int]]) -> list[Received]:
        """Payloads of them: mostly new, some a repeat of an older one, some that cannot be read."""
        batch: list[Received] = []
        for (device, button), gesture, oddity in presses:
            now_ms = self.clock.now_ms()
            if oddity == 0 and self.sent:
                batch.append(replace(self.sent[len(self.sent) // 2], received_ms=now_ms))
                continue
            number = len(self.sent)
            content = {"press_id": f"p{number}", "button": button, "gesture": gesture, "seq": number}
            content["pressed_at_ms"] = (now_ms, -(2**50), 2**50)[number % 3]
            payload = b"\xffwhat?" if oddity == 1 else json.dumps(content).encode()
            batch.append(Received(device, payload, now_ms))
            self.sent.append(batch[-1])
        self.read_keys |= {press.key for press in map(read_press, batch) if press.raw is None}
        return batch

    @rule(presses=PRESSES, failures=st.sampled_from([0, 0, 0, 1, 3]), is_dying=st.sampled_from([False] * 5 + [True]))
    def press(self, presses: list[tuple[tuple[str, str], str, int]], failures: int, is_dying: bool) -> None:
        self.database.failures = failures
        self.consequences.is_dying = is_dying
        batch = self.made(presses)
        self.run(self.presses.take(batch))
        self.count_unreadable(batch)
        self.check_answers()
        if is_dying:
            self.die()

    @rule(one=PRESSES, other=PRESSES)
    def two_batches_at_once(
        self, one: list[tuple[tuple[str, str], str, int]], other: list[tuple[tuple[str, str], str, int]]
    ) -> None:
        batches = [self.made(one), self.made(other)]

        async def both() -> None:
            await asyncio.gather(*(self.presses.take(batch) for batch in batches))

        self.run(both())
        for batch in batches:
            self.count_unreadable(batch)
        self.check_answers()

    def count_unreadable(self, batch: list[Received]) -> None:
        """A repeat of an unreadable payload cannot be told from a new one, and is kept too."""
        self.unreadable += sum(read_press(one).raw is not None for one in batch)

    def check_answers(self) -> None:
        for presses in (self.presses, self.other_presses):
            while not presses._confirmations.empty():
                press: PressRow = presses._confirmations.get_nowait()
                answer = (press.alert_id, press.is_new_alert, press.received_ms)
                assert self.answers.setdefault(press.key, answer) == answer

    @rule(presses=PRESSES, who=PEOPLE, which=WHICH, order=st.permutations(range(5)))
    def another_hub_takes_the_same_presses_and_acts_too(
        self, presses: list[tuple[tuple[str, str], str, int]], who: str, which: int, order: list[int]
    ) -> None:
        """Each hub gets every press from the broker; both loops turn, and somebody accepts at the other hub.

        One after the other, as their transactions are: two at once could not be repeated.
        """
        batch, alert = self.made(presses), self.pick(which)

        async def accept() -> None:
            if alert is not None:
                with suppress(Invalid, StepNotAllowed):
                    await self.other_desk.accept(alert.id, who, 4)

        steps: list[Callable[[], Coroutine[object, object, object]]] = [
            lambda: self.presses.take(batch),
            lambda: self.other_presses.take(batch),
            self.loop.turn,
            self.other_loop.turn,
            accept,
        ]
        self.database.failures = 0
        for index in order:
            self.run(steps[index]())
        for _ in range(2):  # what cannot be read cannot be known to be the same
            self.count_unreadable(batch)
        self.check_answers()
        self.clock.pass_ms(LONG_MS + 1)  # so long a request may wait before it is looked up what other hubs know
        self.run(self.drained())

    # --- people ----------------------------------------------------------------------------------------

    def alert(self, alert_id: str) -> Alert:
        """The alert as it is stored."""
        found = self.read(lambda tx: tx.alerts.get(alert_id))
        assert found is not None
        return found

    def pick(self, which: int) -> Alert | None:
        alerts = self.read(lambda tx: tx.alerts.latest(1_000))
        return alerts[which % len(alerts)] if alerts else None

    @rule(which=WHICH, who=PEOPLE, step=st.sampled_from(["decline", "withdraw", "arrive", "close", "reopen", "note"]))
    def person_acts(self, which: int, who: str, step: str) -> None:
        alert = self.pick(which)
        if alert is None:
            return
        arguments: dict[str, list[object]] = {"close": ["好了", "door"], "note": ["门锁着"]}
        with suppress(StepNotAllowed, Invalid):
            self.run(getattr(self.desk, step)(alert.id, who, *arguments.get(step, [])))

    @rule(which=WHICH, who=PEOPLE, step=st.sampled_from(["accept", "arrive", "close"]), by_ms=st.integers(0, 9_000))
    def the_desk_presses_the_wrong_thing_and_takes_it_back(self, which: int, who: str, step: str, by_ms: int) -> None:
        alert = self.pick(which)
        if alert is None:
            return
        arguments: dict[str, list[object]] = {"accept": [4], "close": ["好了", "door"]}
        with suppress(StepNotAllowed, Invalid):
            made = self.run(getattr(self.desk, step)(alert.id, who, *arguments.get(step, []))).state
            self.clock.pass_ms(by_ms)
            self.run(self.drained())
            self.run(self.desk.take_back(alert.id, "wang", made, who))

    @rule(which=WHICH, people=st.lists(PEOPLE, min_size=1, max_size=2), is_dying=st.sampled_from([False] * 5 + [True]))
    def people_accept(self, which: int, people: list[str], is_dying: bool) -> None:
        alert = self.pick(which)
        if alert is None or alert.state is State.CLOSED:
            return
        self.consequences.is_dying = is_dying

        async def all_at_once() -> None:
            await asyncio.gather(*(self.desk.accept(alert.id, who, 4) for who in people))

        self.run(all_at_once())
        if is_dying:
            self.die()

    @rule(which=WHICH, people=st.permutations(["wang", "li", "chen"]), waiting=st.integers(0, 6))
    def enough_accept_while_requests_still_wait(self, which: int, people: list[str], waiting: int) -> None:
        alert = self.pick(which)
        if alert is None or not alert.is_asking:
            return
        for who in people[: alert.needed]:
            self.run(self.desk.accept(alert.id, who, 4))
        for _ in range(waiting):
            self.begin_and_end(0, "sent")

    @rule(which=WHICH, who=PEOPLE)
    def somebody_accepts_as_the_next_rung_is_due(self, which: int, who: str) -> None:
        alert = self.pick(which)
        if alert is None or alert.due_ms is None:
            return
        self.clock.pass_ms(max(0, alert.due_ms - self.clock.now_ms()))

        async def both() -> None:
            with suppress(Changed):
                await asyncio.gather(self.desk.accept(alert.id, who, 4), self.loop.turn())

        with suppress(Invalid, StepNotAllowed):
            self.run(both())
        self.run(self.drained())

    @rule(which=WHICH, how=st.sampled_from([["", "door"], [" ", "conversation"], ["好了", "override"], ["好了", "?"]]))
    def nobody_closes_without_all_that_it_needs(self, which: int, how: list[str]) -> None:
        alert = self.pick(which)
        if alert is None or alert.state is State.CLOSED:
            return
        with pytest.raises(Invalid):
            self.run(self.desk.close(alert.id, "wang", *how))
        assert self.alert(alert.id) == alert

    @rule(who=PEOPLE, is_here=st.sampled_from([True, False, False]))
    def somebody_says_whether_they_are_there(self, who: str, is_here: bool) -> None:
        self.run(self.reaching.say(who, who, is_here=is_here))
        self.world.unreachable = self.read(lambda tx: tx.reach.unreachable())

    # --- staff -----------------------------------------------------------------------------------------

    @rule(place=st.sampled_from(["all", "building-1", "grid-2", "home-1-101"]), rungs=st.sampled_from(LADDERS))
    def staff_write_a_ladder(self, place: str, rungs: Ladder) -> None:
        """Also while its alerts are open, and shorter than where they stand."""
        stored = {rule.id: rule for rule in self.read(lambda tx: list(tx.ladders.rules()))}
        version = stored[place].version if place in stored else 0
        ladders = Ladders(self.database, self.clock, POLICY)
        self.database.failures = 0
        self.run(ladders.save(LadderRule(place, place, place, None, 0, 0, rungs, version), "staff"))
        self.world.ladders[place] = rungs

    @rule(who=PEOPLE, is_away=st.booleans())
    def the_rota_changes(self, who: str, is_away: bool) -> None:
        now_ms = self.clock.now_ms()
        absence = Absence(f"away-{who}", who, now_ms, now_ms + 3_600_000)
        if is_away:
            self.run(self.real.write(lambda tx: tx.rota.put([absence], now_ms)))
            self.world.away[who] = (absence.from_ms, absence.until_ms)
        else:
            self.run(self.real.write(lambda tx: tx.rota.drop(Absence, absence.id)))
            self.world.away.pop(who, None)

    # --- the sender ------------------------------------------------------------------------------------

    def begin(self, which: int) -> Outgoing | None:
        """One of the requests that wait begins, if the dispatcher lets it."""
        queues = [queue for queue in self.dispatcher._queues.values() if not queue.empty()]
        if not queues:
            return None
        one, since_ms = queues[which % len(queues)].get_nowait()
        notification = one.notification
        if not self.run(self.dispatcher._is_wanted(notification, since_ms)):
            self.dispatcher._in_hand.discard(notification.id)
            return None
        if notification.purpose is Purpose.ASK:
            stored = self.alert(notification.alert_id)
            assert stored.is_asking  # nothing begins after the commit of the acceptance that was enough
            if notification.person_id:
                over = len(self.acceptors(stored)) - (stored.state is State.ACCEPTED)
                self.asked[notification.alert_id][notification.person_id] = over
        return one

    def begin_and_end(self, which: int, outcome: str) -> None:
        one = self.begin(which)
        if one is not None:
            self.end(one.notification, outcome)

    def end(self, notification: Notification, outcome: str) -> None:
        """The channel has answered, and the dispatcher stores it."""
        now_ms = self.clock.now_ms()
        if outcome == "sent":
            done = replace(notification, state="sent", attempts=notification.attempts + 1, sent_ms=now_ms)
        else:
            done = self.dispatcher._failed(notification, outcome, is_final=outcome == "refused")
        committed = self.run(self.real.write(lambda tx: record_outcomes(tx, [done], POLICY, now_ms)))
        self.dispatcher._in_hand.discard(done.id)
        self.dispatcher.observe(committed.alerts)
        self.dispatcher.submit(committed.outgoing)
        if done.person_id and done.purpose is Purpose.ASK and outcome != "sent":
            self.check_left_at_once(done)

    def check_left_at_once(self, failed: Notification) -> None:
        """A rung of which every request to a person has failed is not waited for, unless it is the last."""
        alert = self.alert(failed.alert_id)
        notes = self.read(lambda tx: tx.notifications.of_alert(alert.id))
        is_last = alert.rung >= len(self.world.ladder(alert)) - 1
        if alert.is_asking and not is_last and alert.rung == failed.rung and has_failed(alert.rung, notes):
            assert alert.due_ms is not None
            assert alert.due_ms <= self.clock.now_ms()

    @rule(which=WHICH)
    def every_channel_refuses_all_that_waits(self, which: int) -> None:
        """Also what is asked by another because of that."""
        while self.dispatcher.is_behind():
            self.begin_and_end(which, "refused")

    @rule(choices=st.lists(st.tuples(WHICH, st.sampled_from(["sent", "sent", "refused", "failed"])), max_size=6))
    def channels_answer(self, choices: list[tuple[int, str]]) -> None:
        for which, outcome in choices:
            self.begin_and_end(which, outcome)

    @rule(which=WHICH)
    def channel_hangs(self, which: int) -> None:
        one = self.begin(which)
        if one is not None:
            self.on_the_way.append(one)

    @rule(outcome=st.sampled_from(["sent", "failed"]))
    def what_hung_ends(self, outcome: str) -> None:
        while self.on_the_way:
            self.end(self.on_the_way.pop().notification, outcome)

    # --- time and the world ----------------------------------------------------------------------------

    async def drained(self) -> None:
        """The loop turns until nothing is due any more; then every deadline has led to its step."""
        for _ in range(100):
            with suppress(CommitFailed):
                if not await self.loop.turn() and not self.read(self.overdue):
                    return
        raise AssertionError("the loop does not come to an end")

    def overdue(self, tx: Tx) -> bool:
        """Whether something still waits although its time has come."""
        now_ms = self.clock.now_ms()
        return bool(tx.alerts.due(now_ms, 1) or tx.notifications.due(now_ms, 1))

    @rule(
        by_ms=st.sampled_from([0, 1_000, 6_000, 15_000, 45_000, 120_000, 8 * 60_000, 31 * 60_000]),
        failures=st.sampled_from([0, 0, 0, 2]),
    )
    def time_passes(self, by_ms: int, failures: int) -> None:
        self.clock.pass_ms(by_ms)
        self.database.failures = failures
        self.run(self.drained())
        self.database.failures = 0

    @rule(by_ms=st.sampled_from([-(10**10), -3_600_000, -2_500, 2_500, 3_600_000, 10**10]))
    def clock_is_set(self, by_ms: int) -> None:
        self.run(self.drained())
        self.clock.set_by(by_ms)
        self.run(self.drained())

    @rule(back_ms=st.sampled_from([0, 0, 60_000, 10**10]))
    def die(self, back_ms: int = 0) -> None:
        """kill -9: what was in memory is gone, what was on its way may have arrived all the same."""
        self.clock.set_by(-back_ms)
        self.start()
        self.run(self.drained())

    # --- what always holds -----------------------------------------------------------------------------

    @invariant()
    def what_is_stored_holds_together(self) -> None:
        """All of it in one state that is read once."""
        presses, stored = self.read(lambda tx: (all_presses(tx), all_alerts(tx)))
        self.no_press_is_lost_or_doubled(presses)
        self.a_button_has_at_most_one_open_alert_and_each_one_deadline([one.alert for one in stored])
        rings = Counter(row.alert_id for row in presses if row.gesture not in ("cancel", "ok"))
        for one in stored:
            assert one.tellings >= rings[one.alert.id]  # every press is answered
            self.walks[one.alert.id].go_on(one.alert, one.journal, one.notes, self.world)
            self.deadlines_lie_where_they_must(one.alert)
            self.one_that_still_asks_keeps_the_promise_and_those_called_aloud_are_sent_back_once(
                one.alert, one.callouts
            )
            self.nothing_that_waits_is_forgotten_and_nothing_asks_without_need(one.alert, one.notes)
            self.whoever_did_not_come_was_told_and_whoever_closed_said_how(one)

    def no_press_is_lost_or_doubled(self, rows: list[PressRow]) -> None:
        assert sorted(row.key for row in rows if row.raw is None) == sorted(self.read_keys)
        assert sum(row.raw is not None for row in rows) == self.unreadable
        assert all(row.alert_id or row.gesture in ("cancel", "ok") for row in rows)

    def a_button_has_at_most_one_open_alert_and_each_one_deadline(self, alerts: list[Alert]) -> None:
        not_closed = [alert for alert in alerts if alert.state is not State.CLOSED]
        assert len({alert.joins for alert in not_closed}) == len(not_closed)
        for alert in not_closed:
            assert alert.due_ms is not None
            assert (alert.remind_ms is None) == (alert.state is not State.OPEN)

    def deadlines_lie_where_they_must(self, alert: Alert) -> None:
        latest_ms = self.walks[alert.id].latest_ms
        if alert.is_asking and latest_ms is not None:
            assert alert.due_ms is not None
            assert alert.due_ms <= latest_ms
        longest_ms = max(MAX_ETA_MINUTES * 60_000 + GRACE_MS, ARRIVED_ASK_MS)
        assert alert.due_ms is None or alert.due_ms <= self.clock.now_ms() + longest_ms

    def whoever_did_not_come_was_told_and_whoever_closed_said_how(self, one: Stored) -> None:
        for row, following in zip(one.journal, [*one.journal[1:], None], strict=True):
            if row.entry.what == "acceptance_expired":
                told = {(note.person_id, note.created_ms) for note in one.notes if note.purpose is Purpose.EXPIRED}
                assert (row.entry.detail["person_id"], row.at_ms) in told
                assert following is not None
                assert following.entry.what in ("asked", "rung_empty")
            if row.entry.what == "closed":
                assert row.entry.actor in ("wang", "li", "chen", "sun")
                assert row.entry.detail["outcome"]
                assert row.entry.detail["seen"] == "door"

    def one_that_still_asks_keeps_the_promise_and_those_called_aloud_are_sent_back_once(
        self, alert: Alert, callouts: list[Callout]
    ) -> None:
        if alert.state is State.ACCEPTED:
            assert alert.due_ms is not None
            assert alert.promised_ms is not None
            assert alert.due_ms <= alert.promised_ms + GRACE_MS
        calls = sum(one.what is Aloud.CALL for one in callouts)
        assert calls or not callouts
        assert calls or not alert.is_aloud
        assert alert.is_asking or not alert.is_aloud
        assert alert.is_asking or not calls or len(callouts) > calls

    def nothing_that_waits_is_forgotten_and_nothing_asks_without_need(
        self, alert: Alert, notes: list[Notification]
    ) -> None:
        held = self.dispatcher._in_hand
        for one in notes:
            if one.state == "due":
                assert one.id in held or one.due_ms <= self.clock.now_ms() + max(*BACKOFF_MS, 5_000)
                assert one.purpose is not Purpose.ASK or alert.is_asking

    def settle(self) -> None:
        """Every channel works again and time goes by: everything has been sent, and everybody thanked."""
        self.database.failures = 0
        self.what_hung_ends("sent")
        for _ in range(3):
            self.clock.pass_ms(20_000)
            self.run(self.drained())
            while self.dispatcher.is_behind():
                self.begin_and_end(0, "sent")
        for stored in self.read(all_alerts):
            old_ms = self.clock.now_ms() - 20_000
            assert not [one for one in stored.notes if one.state == "due" and one.created_ms < old_ms]
            if not stored.alert.is_asking:
                self.check_thanks(stored.alert, stored.notes)

    def check_thanks(self, alert: Alert, notes: list[Notification]) -> None:
        """Everybody who was asked has heard of somebody who accepted after that, or that it ended, or went."""
        acceptors, went = self.acceptors(alert), set(self.actors(alert, "accepted", "backup", "arrived"))
        told = {(one.person_id, one.about_person_id) for one in notes if one.purpose is Purpose.THANKS}
        ended = {one.person_id for one in notes if one.purpose is Purpose.ENDED}
        for person, accepted_before in self.asked[alert.id].items():
            arrived = self.actors(alert, "arrived")
            goes = {*acceptors[0 if "elder" in arrived else accepted_before :], *arrived}
            assert person in went | ended or any((person, one) in told for one in goes)

    def acceptors(self, alert: Alert) -> list[str]:
        """All who became acceptor of it, in order."""
        return self.actors(alert, "accepted")

    def actors(self, alert: Alert, *whats: str) -> list[str]:
        """All who did one of these with it, in order."""
        journal = self.read(lambda tx: tx.alerts.journal(alert.id))
        return [row.entry.actor for row in journal if row.entry.what in whats]


def profile(examples: int, steps: int) -> settings:
    return settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck))


TestPressMachine = PressMachine.TestCase
TestPressMachine.settings = profile(20, 25)


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("number", range(10))
def test_long_lives_of_a_hub_lose_and_double_nothing(number: int) -> None:
    """10,000 of them; in ten parts, so that several processors can share them (`-n`)."""
    run_state_machine_as_test(seed(number)(type("Lives", (PressMachine,), {})), settings=profile(1_000, 50))
