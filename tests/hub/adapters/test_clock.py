"""The machine's clocks, and the name of what the steady one counts from."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.adapters import clock
from hub.adapters.clock import SystemClock

ASK = "from hub.adapters.clock import SystemClock as C; print(C().boot_id(), C().monotonic_ms())"


def test_programs_of_one_machine_name_the_same_start_and_count_from_it() -> None:
    before_ms = SystemClock().monotonic_ms()
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    boot_id, other_ms = done.stdout.split()
    assert boot_id == SystemClock().boot_id()
    assert before_ms <= int(other_ms) <= SystemClock().monotonic_ms()


class Hands:
    """The two clocks of a machine; each look at one takes a microsecond, and the first `late` of them 5 s."""

    def __init__(self, late: int = 0) -> None:
        self.steady_ns, self.set_ns, self.late = 0, 10**18, late

    def look(self) -> int:
        self.steady_ns += 1_000 if self.late <= 0 else 5 * 10**9
        self.late -= 1
        return self.steady_ns

    def put_in_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "clock_gettime_ns", lambda which: self.look())
        monkeypatch.setattr(time, "time_ns", lambda: self.look() + self.set_ns)


@pytest.mark.parametrize("by_ns", [-(10**17), -7_900_000_000, 40_000_000, 10**17])
def test_the_timeline_is_another_once_the_wall_clock_was_set(monkeypatch: pytest.MonkeyPatch, by_ns: int) -> None:
    hands = Hands()
    hands.put_in_place(monkeypatch)
    made = SystemClock()
    before = made.timeline()
    hands.set_ns += by_ns
    after = made.timeline()
    assert (after.base_ns - before.base_ns, after.boot) == (by_ns, before.boot)


@pytest.mark.parametrize("late", [1, 14, 15])
def test_the_timeline_is_the_same_though_the_reading_wavers_or_is_held_up(
    monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    hands = Hands()
    hands.put_in_place(monkeypatch)
    made = SystemClock()
    before = made.timeline()
    hands.set_ns += 900_000
    hands.late = late
    assert made.timeline() == before


def test_a_clock_that_was_set_by_more_than_a_slow_reading_takes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands()
    hands.put_in_place(monkeypatch)
    made = SystemClock()
    before = made.timeline()
    hands.set_ns += 100 * 10**9
    hands.late = 15
    assert abs(made.timeline().base_ns - before.base_ns - 100 * 10**9) <= 10 * 10**9


def test_what_everybody_may_read_does_not_name_the_machine() -> None:
    made = SystemClock()
    assert made.boot_id() not in made.timeline().boot
    assert SystemClock().timeline().boot == made.timeline().boot


@pytest.fixture
def _asked_anew() -> Iterator[None]:
    clock._boot_id.cache_clear()
    yield
    clock._boot_id.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
def test_where_a_machine_does_not_name_its_start_nobody_else_is_believed_to_count_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = clock._boot_id.__wrapped__()
    monkeypatch.setattr(clock, "_BOOT_ID", tmp_path / "none")
    own = SystemClock().boot_id()
    assert own == SystemClock().boot_id() != known
