"""Which processes a test has started, directly or through others, and which of them still run."""

from __future__ import annotations

from pathlib import Path

MARK = "TEST_WORLD"
"""A variable of the environment, inherited by every process that one of ours starts, whatever its command line."""


def running(world: Path) -> dict[int, str]:
    """The command lines of the processes marked with this folder, by process id."""
    mark = f"{MARK}={world}".encode()
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:  # it has ended meanwhile, or is another user's
            continue
    return found
