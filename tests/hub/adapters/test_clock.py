"""The machine's clocks, and the name of what the steady one counts from."""

from __future__ import annotations

import subprocess
import sys
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
