"""A hub whose wall clock can be set: `python -m tests.world.set_clock FILE ...` is `python -m hub ...` with it."""

from __future__ import annotations

import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

NS = struct.Struct("<q")


class SetClock:
    """How far the wall clock of a hub is set ahead of the machine's; the hub reads it from a file at each look."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set_ms(0)

    def set_ms(self, ahead_ms: float) -> None:
        """From now on it is ahead by so much."""
        data = NS.pack(round(ahead_ms * 1_000_000))
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(data)  # in place: the hub has the file mapped


def _follow(file: Path) -> None:
    """Has `time.time` and `time.time_ns` of this process go by the file."""
    true_ns = time.time_ns
    with file.open("rb") as opened:
        ahead = mmap.mmap(opened.fileno(), NS.size, access=mmap.ACCESS_READ)

    def time_ns() -> int:
        return true_ns() + int(NS.unpack_from(ahead)[0])

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


if __name__ == "__main__":
    _follow(Path(sys.argv[1]))
    sys.argv = ["hub", *sys.argv[2:]]
    runpy.run_module("hub", run_name="__main__")
