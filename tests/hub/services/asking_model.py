"""Whom an alert must have asked, when and by which channel: told in the plainest way, for the press rig's people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from hub.domain.alerts import Alert, Purpose
from hub.domain.ladder import DEFAULT, Ladder, Who
from hub.domain.people import ChannelName
from hub.services.ports import JournalRow, Notification

AROUND = {
    "building-1": ("building-1", "grid-1", "all"),
    "building-3": ("building-3", "grid-2", "all"),
    "all": ("all",),
}
DUTIES = {
    "li": ("home-1-101", Who.HELPER),
    "wang": ("building-1", Who.BUILDING_HEAD),
    "chen": ("grid-1", Who.GRID_LEADER),
    "sun": ("grid-2", Who.VOLUNTEER),
}
WAYS = {
    "li": {ChannelName.PAGE},
    "wang": {ChannelName.PAGE, ChannelName.NTFY},
    "chen": {ChannelName.NTFY},
    "sun": {ChannelName.NTFY},
}
ON_SHIFT = "sun"
Request = tuple[int, str, ChannelName]
"""Rung, person, channel."""


@dataclass
class World:
    """What staff and people have said: ladders by place, who is away from when until when, who cannot be reached."""

    ladders: dict[str, Ladder] = field(default_factory=dict)
    away: dict[str, tuple[int, int]] = field(default_factory=dict)
    unreachable: Collection[str] = ()

    def ladder(self, alert: Alert) -> Ladder:
        """That of the narrowest place that has one."""
        return next((self.ladders[one] for one in _around(alert) if one in self.ladders), DEFAULT)

    def named(self, alert: Alert, rung: int, at_ms: int) -> set[str]:
        """Whom the rung asks at this instant."""
        ladder, around = self.ladder(alert), _around(alert)
        away = {one for one, (from_ms, until_ms) in self.away.items() if from_ms <= at_ms < until_ms}
        asked: set[str] = set()
        for who in ladder[rung].who:
            here = {one for one, (place, duty) in DUTIES.items() if place in around and who in (duty, Who.EVERYONE)}
            asked |= here | ({ON_SHIFT} if who in (Who.ON_SHIFT, Who.EVERYONE) else set())
        channels = ladder[rung].channels
        return {one for one in asked - away if channels is None or WAYS[one] & set(channels)}

    def climbs(self, alert: Alert, current: int, at_ms: int) -> list[int]:
        """The rungs that are asked after the current one: up to the first that reaches as many as it needs."""
        ladder, asked = self.ladder(alert), []
        for rung in range(min(current + 1, len(ladder) - 1), len(ladder)):
            named = self.named(alert, rung, at_ms)
            if named or rung == len(ladder) - 1:
                asked.append(rung)
            if len(named - set(self.unreachable)) >= ladder[rung].needed:
                break
        return asked

    def below(self, alert: Alert, current: int, known: Collection[str], at_ms: int) -> list[int]:
        """The rungs up to the current one that name somebody who is not known."""
        last = len(self.ladder(alert)) - 1
        return [one for one in range(min(current + 1, last)) if not self.named(alert, one, at_ms) <= set(known)]

    def requests(self, alert: Alert, rungs: Sequence[int], going: Collection[str], at_ms: int) -> Counter[Request]:
        """What asking these rungs together sends: each person once, by all ways of the rungs that name them."""
        ladder, found = self.ladder(alert), Counter[Request]()
        for person in DUTIES:
            naming = [rung for rung in rungs if person in self.named(alert, rung, at_ms)]
            if not naming or person in going:
                continue
            channels = [ladder[rung].channels for rung in naming]
            ways = WAYS[person] if None in channels else WAYS[person] & {one for each in channels for one in each or ()}
            found.update((naming[-1], person, way) for way in ways)
        return found


@dataclass
class Walk:
    """One alert as its journal tells it: where it stands, who goes, what must have been sent at which instant."""

    rung: int = -1
    going: list[str] = field(default_factory=list)
    latest_ms: int | None = None
    """The next asking must have come by then."""
    requests: defaultdict[int, Counter[Request]] = field(default_factory=lambda: defaultdict(Counter))
    went: set[str] = field(default_factory=set)
    _read: int = 0

    def go_on(self, alert: Alert, journal: Sequence[JournalRow], notes: Sequence[Notification], world: World) -> None:
        """Reads what is new in the journal, in the world as it was all that time, and compares what was sent."""
        new: set[int] = set()
        while self._read < len(journal):
            row = journal[self._read]
            if row.entry.what not in ("asked", "rung_empty"):
                self._turn(row)
                self._read += 1
                continue
            self._ask(alert, journal, notes, world)
            new.add(row.at_ms)
        for at_ms in new:
            sent = (one for one in notes if one.purpose is Purpose.ASK and one.created_ms == at_ms and one.person_id)
            assert Counter((one.rung, one.person_id, one.channel) for one in sent) == self.requests[at_ms]

    def _ask(self, alert: Alert, journal: Sequence[JournalRow], notes: Sequence[Notification], world: World) -> None:
        """What is asked at once is what comes next, or all so far where the asking begins anew."""
        at_ms, ladder = journal[self._read].at_ms, world.ladder(alert)
        if _begins_anew(journal[: self._read]):
            wanted = list(range(min(self.rung, len(ladder) - 1) + 1))
            asked = self._asked(journal, at_ms, len(wanted))
        else:
            asked = self._asked(journal, at_ms, len(journal))
            wanted = world.climbs(alert, self.rung, at_ms)
            wanted = [*self._below(alert, asked, notes, world, at_ms), *wanted]
            self.rung = wanted[-1]
        assert asked == wanted
        self.requests[at_ms] += world.requests(alert, wanted, self.going, at_ms)
        self.latest_ms = at_ms + ladder[wanted[-1]].wait_ms

    def _asked(self, journal: Sequence[JournalRow], at_ms: int, most: int) -> list[object]:
        """The rungs that were asked in one go, at most so many."""
        rungs: list[object] = []
        for row in journal[self._read :]:
            if row.at_ms != at_ms or row.entry.what not in ("asked", "rung_empty") or len(rungs) == most:
                break
            rungs += [row.entry.detail["rung"]] if row.entry.what == "asked" else []
            self._read += 1
        return rungs

    def _below(
        self, alert: Alert, asked: Sequence[object], notes: Sequence[Notification], world: World, at_ms: int
    ) -> list[int]:
        """The rungs passed already on which somebody stands who was not asked.

        Whoever went without coming, and whose request was dropped, may count as asked or not.
        """
        before = {person for each in self.requests.values() for _, person, _ in each} | self.went
        dropped = {one.person_id for one in notes if one.state == "dropped"}
        must = world.below(alert, self.rung, {*before, *self.going}, at_ms)
        may = world.below(alert, self.rung, {*(before - dropped - self.went), *self.going}, at_ms)
        return [one for one in may if one in must or one in asked]

    def _turn(self, row: JournalRow) -> None:
        self.went.update(self.going)
        match row.entry.what:
            case "accepted":
                self.going = [row.entry.actor]
            case "arrived":
                came = row.entry.detail.get("person_id") if row.entry.actor == "elder" else row.entry.actor
                self.going = list(dict.fromkeys([str(came), *self.going])) if came else self.going
            case "backup":
                self.going.append(row.entry.actor)
            case "withdrawn" if self.going and row.entry.actor != self.going[0]:
                self.going.remove(row.entry.actor)
            case "withdrawn" | "reopened" | "acceptance_expired" | "acceptance_taken_back" | "closing_taken_back":
                self.going, self.latest_ms = [], row.at_ms
            case "hurried" | "rung_failed":
                self.latest_ms = row.at_ms
            case "clock_stepped" if self.latest_ms is not None:
                by_ms = row.entry.detail["by_ms"]
                assert isinstance(by_ms, int)
                self.latest_ms += by_ms


def _begins_anew(journal: Sequence[JournalRow]) -> bool:
    """Whether what happened last was taken back, or made a request for service a call for help."""
    last = journal[-1].entry
    if last.what == "reopened" and len(journal) > 1:
        last = journal[-2].entry
    is_call_now = last.what == "pressed_again" and last.detail.get("kind") == "call"
    return is_call_now or last.what in ("acceptance_taken_back", "closing_taken_back")


def has_failed(rung: int, notes: Sequence[Notification]) -> bool:
    """Whether whatever was sent to people on this rung was refused, or failed twice."""
    mine = [one for one in notes if one.purpose is Purpose.ASK and one.rung == rung and one.person_id]
    mine = [one for one in mine if one.state != "dropped"]
    return bool(mine) and all(one.state == "failed" or (one.state == "due" and one.attempts > 1) for one in mine)


def _around(alert: Alert) -> tuple[str, ...]:
    return (*([alert.home_id] if alert.home_id else []), *AROUND[alert.place])
