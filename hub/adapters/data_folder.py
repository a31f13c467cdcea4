"""The data folder, which one hub at a time may run on; other commands may use it beside the hub."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.domain.errors import DongdongError

DATABASE = "dongdong.db"


class FolderInUse(DongdongError):
    """Another hub runs on this folder: two would take each other's broker and connections. Params: `folder`."""

    key = "folder_in_use"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the folder, made if need be, for this process; the system lets go when it ends, however it ends.

    Raises FolderInUse when another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "hub.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(folder=folder) from None
        yield
    finally:
        os.close(descriptor)
