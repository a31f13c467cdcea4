"""Where the broker's files lie."""

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
