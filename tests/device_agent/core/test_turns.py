"""Any number of announcements, stops and crashes at one loudspeaker, against a second telling of the rules.

The second telling is a list and a loop over blocks of time; it shares no code with the agent.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.device_agent.core.loudspeaker import BLOCK_MS, Loudspeaker

EARLY_MS = 1_200
"""So early is everything announced: more than the agent hands over ahead."""


@dataclass
class Told:
    """One announcement as the rules tell it. `turn` is when it became ready, `left_ms` what it still has to sound."""

    key: str
    priority: int
    due_ms: int
    until_ms: int
    long_ms: int
    left_ms: int
    turn: int | None = None
    is_over: bool = False
    has_begun: bool = False


class Rules:
    """Who sounds in each block."""

    def __init__(self) -> None:
        self.all: list[Told] = []
        self.now_ms = 0
        self.sounding: Told | None = None
        self.heard: list[str | None] = []
        self._turns = 0

    def block(self) -> None:
        for one in self.all:
            if one is not self.sounding and self.now_ms > one.until_ms:
                one.is_over = True
            if not one.is_over and one.turn is None and one.due_ms <= self.now_ms:
                self._turns += 1
                one.turn = self._turns
        first = max((one for one in self.all if one.turn is not None and not one.is_over), key=self._rank, default=None)
        if self.sounding is not None and first is not self.sounding:
            self._interrupt(self.sounding)
        self.sounding = first
        self.heard.append(None if first is None else first.key)
        if first is not None:
            first.has_begun = True
            first.left_ms -= BLOCK_MS
            if first.left_ms == 0:
                first.is_over, self.sounding = True, None
        self.now_ms += BLOCK_MS

    def stop(self, key: str) -> None:
        for one in self.all:
            if key in (one.key, "all"):
                one.is_over = True
                if self.sounding is one:
                    self.sounding = None

    def crash(self) -> None:
        """What has begun is over. What is late joins, within a third; else it waits until the others are through."""
        self.sounding = None
        for one in self.all:
            one.is_over = one.is_over or one.has_begun
            late_ms = self.now_ms - one.due_ms
            one.turn, one.left_ms = None, one.long_ms
            if 0 < late_ms <= one.long_ms / 3:
                one.left_ms = one.long_ms - late_ms
            elif late_ms > 0:
                one.due_ms += one.long_ms

    def _rank(self, one: Told) -> tuple[int, bool, int]:
        assert one.turn is not None
        if one.priority == 255:
            return 255, False, one.turn
        return one.priority, one is self.sounding, -one.turn

    def _interrupt(self, one: Told) -> None:
        if 32 <= one.priority < 255:
            one.left_ms = one.long_ms
        else:
            one.is_over = True


class Building(RuleBasedStateMachine):
    """The agent and the second telling of it go through the same."""

    def __init__(self) -> None:
        super().__init__()
        self.building, self.retold = Loudspeaker(), Rules()

    @rule(
        priority=st.sampled_from([10, 31, 32, 60, 60, 100, 180, 200, 223, 224, 240, 250, 254, 255, 255]),
        after=st.integers(0, 40),
        blocks=st.integers(2, 30),
        valid=st.integers(0, 60),
    )
    def announce(self, priority: int, after: int, blocks: int, valid: int) -> None:
        key = f"n-{len(self.retold.all):03}"
        in_ms, long_ms = EARLY_MS + after * BLOCK_MS, blocks * BLOCK_MS
        valid_ms = in_ms + long_ms + valid * BLOCK_MS
        self.building.announce(key, priority, in_ms, long_ms, valid_ms=valid_ms)
        now_ms = self.retold.now_ms
        self.retold.all.append(Told(key, priority, now_ms + in_ms, now_ms + valid_ms, long_ms, long_ms))

    @rule(blocks=st.integers(1, 80))
    def time_passes(self, blocks: int) -> None:
        self.building.passes(blocks * BLOCK_MS)
        for _ in range(blocks):
            self.retold.block()

    @precondition(lambda self: self.retold.all)
    @rule(data=st.data())
    def somebody_stops_one(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from([one.key for one in self.retold.all]))
        self.building.stop(key)
        self.retold.stop(key)

    @rule()
    def somebody_stops_all(self) -> None:
        self.building.stop("all")
        self.retold.stop("all")

    @rule()
    def the_agent_is_killed(self) -> None:
        self.building.crash()
        self.retold.crash()

    @invariant()
    def the_same_was_heard(self) -> None:
        assert self.building.heard == self.retold.heard

    def teardown(self) -> None:
        """In the end everything has been told, and nothing says that it was played which was not."""
        self.time_passes(2_000)
        assert self.building.heard == self.retold.heard
        for one in self.retold.all:
            end = self.building.reports[one.key][-1]
            assert end in ("played", "interrupted", "stopped", "expired", "failed")
            assert end != "played" or self.building.heard.count(one.key) * BLOCK_MS >= one.long_ms * 2 / 3


Building.TestCase.settings = settings(max_examples=30, stateful_step_count=25)
TestBuilding = Building.TestCase
