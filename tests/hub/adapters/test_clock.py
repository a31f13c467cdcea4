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


@pytest.mark.parametrize("held_up_ms", [0, 5_000])
def test_how_far_apart_its_clocks_are_moves_when_the_wall_clock_is_set_and_not_when_it_is_held_up_as_it_reads(
    monkeypatch: pytest.MonkeyPatch, held_up_ms: int
) -> None:
    """Each reading of a clock takes a microsecond, and the first of all `held_up_ms`."""
    steady_ns, set_ns, readings = [0], [10**18 + 500_000], list[None]()

    def monotonic_ns() -> int:
        steady_ns[0] += 1_000
        return steady_ns[0]

    def time_ns() -> int:
        readings.append(None)
        steady_ns[0] += 1_000 if len(readings) > 1 else held_up_ms * 1_000_000
        return steady_ns[0] + set_ns[0]

    monkeypatch.setattr(time, "monotonic_ns", monotonic_ns)
    monkeypatch.setattr(time, "time_ns", time_ns)
    before_ms = SystemClock().base_ms()
    set_ns[0] -= 7_900 * 1_000_000
    assert (before_ms, SystemClock().base_ms()) == (10**12, 10**12 - 7_900)


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
