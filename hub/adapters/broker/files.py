"""Where the broker's files lie, and writing them so that no reader ever sees half of one."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """The files of one broker below its folder (`DATA/broker`)."""

    folder: Path

    @property
    def configuration(self) -> Path:
        """mosquitto.conf; its absolute path in a command line is what tells our broker from others."""
        return self.folder / "mosquitto.conf"

    @property
    def passwords(self) -> Path:
        """Users and password hashes."""
        return self.folder / "passwords"

    @property
    def access(self) -> Path:
        """Who may publish and read what."""
        return self.folder / "access"

    @property
    def hub_password(self) -> Path:
        """The hub's own password, kept so that a hub that comes back can sign in to a running broker."""
        return self.folder / "hub-password"

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.folder / "mosquitto.log"

    @property
    def store(self) -> Path:
        """Folder of sessions, queued and retained messages; Mosquitto wants the trailing slash itself."""
        return self.folder / "store"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock against every other process; creates the folder, readable by us only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str) -> None:
    """Put `text` in place whole or not at all, on disk when this returns, mode 0600."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
