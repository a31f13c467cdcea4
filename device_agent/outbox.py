"""What must outlive the agent: unconfirmed presses and receipts, announcements, seen ids, configuration."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from device_agent.core.clock import Estimate
from device_agent.core.effects import Step
from device_agent.core.health import Proofs
from device_agent.core.nightly import Night
from device_agent.core.noise import Noise
from device_agent.core.presses import Kept
from wire import messages

log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PROOFS = TypeAdapter(Proofs)
NIGHT = TypeAdapter(Night)
NOISE = TypeAdapter(Noise)

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS presses (
  press_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, payload BLOB NOT NULL, recorded_at_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS announcements (
  announcement_id TEXT PRIMARY KEY, payload BLOB NOT NULL, step TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
  message_id TEXT PRIMARY KEY, valid_until_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unsent (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, payload BLOB NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """All that a start needs; `next_seq` is above that of every press that was ever stored here."""

    salt: bytes
    next_seq: int
    waiting: list[messages.Press]
    kept: list[Kept]
    restored_to_ms: int | None
    announcements: list[tuple[messages.Manifest, Step]]
    seen: dict[str, int]
    config: messages.Config | None
    proofs: Proofs
    night: Night | None
    noise: Noise | None


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that the broker has not acknowledged; `kind` is the last part of its topic."""

    id: int
    kind: str
    payload: bytes


class Outbox:
    """One SQLite file. Every method outlives the end of this process when it returns, and those about presses, seen
    ids and configuration also a power cut. What is said of announcements and noise outlives one after `sync` or any
    of those: a power cut takes the newest of it away, never something in between, and the hub sends and asks again.

    WAL with synchronous=FULL took 0.4-0.6 ms a commit where a rollback journal took 1.4-2.0; an announcement has
    about ten of them just before its instant.
    A file that is damaged is set aside and a new one begun: an agent without memory still hears its buttons.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self._boot_id = _boot_id()
        self._wal = path.with_name(f"{path.name}-wal")
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError:
            log.exception("the outbox %s is damaged: it is set aside, and a new one begun", path)
            aside = f"{path.name}.damaged-{time.time_ns() // 1_000_000}"
            for suffix in ("", "-wal", "-shm"):
                if (part := path.with_name(path.name + suffix)).exists():
                    part.rename(path.with_name(aside + suffix))
            self._db = _open(path)

    def close(self) -> None:
        """Free the file."""
        self._db.close()

    def load(self) -> OnDisk:
        """Everything that was kept."""
        presses = [
            (messages.read(messages.Press, payload), recorded_at_ms)
            for payload, recorded_at_ms in self._db.execute("SELECT payload, recorded_at_ms FROM presses ORDER BY seq")
        ]
        restored, seq = self._get("restored_to_ms"), self._get("next_seq")
        config, proofs, night = self._get("config"), self._get("proofs"), self._get("night")
        noise = self._get("noise")
        return OnDisk(
            salt=self._salt(),
            next_seq=0 if seq is None else int(seq),
            waiting=[press for press, recorded_at_ms in presses if recorded_at_ms is None],
            kept=[Kept(press, recorded_at_ms) for press, recorded_at_ms in presses if recorded_at_ms is not None],
            restored_to_ms=None if restored is None else int(restored),
            announcements=[
                (messages.read(messages.Manifest, payload), Step(step))
                for payload, step in self._db.execute("SELECT payload, step FROM announcements")
            ],
            seen=dict(self._db.execute("SELECT message_id, valid_until_ms FROM seen")),
            config=None if config is None else messages.read(messages.Config, config),
            proofs=Proofs() if proofs is None else PROOFS.validate_json(proofs),
            night=None if night is None else NIGHT.validate_json(night),
            noise=None if noise is None else NOISE.validate_json(noise),
        )

    def store_press(self, press: messages.Press) -> None:
        """Keep a press as waiting; the number of the next one goes with it."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO presses VALUES (?, ?, ?, NULL)", (press.press_id, press.seq, press.to_payload())
            )
            self._put("next_seq", str(press.seq + 1).encode())

    def press_accepted(self, press_id: str, recorded_at_ms: int) -> None:
        """Keep a press as accepted."""
        self._db.execute("UPDATE presses SET recorded_at_ms = ? WHERE press_id = ?", (recorded_at_ms, press_id))

    def press_waits_again(self, press_id: str) -> None:
        """Keep an accepted press as waiting."""
        self._db.execute("UPDATE presses SET recorded_at_ms = NULL WHERE press_id = ?", (press_id,))

    def forget_accepted(self, before_ms: int) -> None:
        """Let go the accepted presses that the hub recorded before this."""
        self._db.execute("DELETE FROM presses WHERE recorded_at_ms < ?", (before_ms,))

    def keep_restore(self, restored_to_ms: int) -> None:
        """Remember for which restore of the hub presses were sent again."""
        self._put("restored_to_ms", str(restored_to_ms).encode())

    def store_manifest(self, manifest: messages.Manifest) -> None:
        """Keep an announcement that is to be fetched."""
        row = (manifest.announcement_id, manifest.to_payload(), Step.FETCHING.value)
        self._write("INSERT OR REPLACE INTO announcements VALUES (?, ?, ?)", row)

    def store_step(self, announcement_id: str, step: Step) -> None:
        """Keep how far an announcement has come."""
        self._write("UPDATE announcements SET step = ? WHERE announcement_id = ?", (step.value, announcement_id))

    def forget_manifest(self, announcement_id: str) -> None:
        """Let go an announcement."""
        self._write("DELETE FROM announcements WHERE announcement_id = ?", (announcement_id,))

    def store_seen(self, message_id: str, valid_until_ms: int, before_ms: int | None) -> None:
        """Keep the id of a message; with `before_ms`, let go those that expired before then."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (message_id, valid_until_ms))
            if before_ms is not None:
                self._db.execute("DELETE FROM seen WHERE valid_until_ms < ?", (before_ms,))

    def store_config(self, config: messages.Config) -> None:
        """Keep the configuration."""
        self._put("config", config.to_payload())

    def store_proofs(self, proofs: Proofs) -> None:
        """Keep when each part was last proved."""
        self._put("proofs", PROOFS.dump_json(proofs))

    def store_estimate(self, estimate: Estimate) -> None:
        """Keep the hub's time, which holds as long as this machine runs. An agent from before there were timelines,
        put back in place of this one, must be able to read it: they lie beside it.
        """
        numbers = [estimate.offset_ns, estimate.error_ns, estimate.at_ns]
        timeline = None if estimate.timeline is None else estimate.timeline.model_dump()
        kept = {"estimate": [self._boot_id, *numbers], "timeline": [estimate.offset_ns, timeline]}
        for key, value in kept.items():
            self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value).encode()))

    def estimate(self) -> Estimate | None:
        """The hub's time as it was last kept; None when the machine has started anew since, and its clock with it."""
        kept = self._get("estimate")
        boot_id, *numbers = [None] if kept is None else json.loads(kept)
        if boot_id != self._boot_id:
            return None
        found, beside = Estimate(*numbers), self._get("timeline")
        offset_ns, timeline = (None, None) if beside is None else json.loads(beside)
        if timeline is None or offset_ns != found.offset_ns:
            return found
        return replace(found, timeline=messages.Timeline(**timeline))

    def store_night(self, night: Night) -> None:
        """Keep how often the test of this night was tried."""
        self._put("night", NIGHT.dump_json(night))

    def store_noise(self, noise: Noise) -> None:
        """Keep what was sounded on this day."""
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", ("noise", NOISE.dump_json(noise)))

    def add(self, kind: str, message: messages.Message) -> None:
        """Keep a message until `sent`."""
        self._write("INSERT INTO unsent (kind, payload) VALUES (?, ?)", (kind, message.to_payload()))

    def unsent(self) -> list[Unsent]:
        """The oldest messages that wait to be sent, at most 100 of them."""
        rows = self._db.execute("SELECT id, kind, payload FROM unsent ORDER BY id LIMIT 100")
        return [Unsent(*row) for row in rows]

    def sent(self, unsent_id: int) -> None:
        """The broker has it."""
        self._write("DELETE FROM unsent WHERE id = ?", (unsent_id,))

    def sync(self) -> None:
        """Let all that was kept until now outlive a power cut. May be called in any thread."""
        for path in (self._wal, self.folder):  # the folder: the file may have been begun since the last start
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def has_waiting_press(self) -> bool:
        """Whether a press waits for the hub's `accepted`."""
        return bool(
            self._db.execute("SELECT EXISTS (SELECT 1 FROM presses WHERE recorded_at_ms IS NULL)").fetchone()[0]
        )

    def depth(self) -> int:
        """How many presses and messages wait."""
        (count,) = self._db.execute(
            "SELECT (SELECT count(*) FROM unsent) + (SELECT count(*) FROM presses WHERE recorded_at_ms IS NULL)"
        ).fetchone()
        return int(count)

    def _salt(self) -> bytes:
        salt = self._get("salt")
        if salt is None:
            salt = os.urandom(16)
            self._put("salt", salt)
        return salt

    def _get(self, key: str) -> bytes | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def _put(self, key: str, value: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _write(self, statement: str, row: tuple[str | bytes | int, ...]) -> None:
        """Without waiting for the disk: the log is written, and read from there by the next process."""
        self._db.execute("PRAGMA synchronous=NORMAL")
        try:
            self._db.execute(statement, row)
        finally:
            self._db.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _boot_id() -> str:
    """What is the same until the machine starts anew; its monotonic clock goes on as long."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return os.urandom(16).hex()  # nothing that was learned before is good for anything


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("quick_check found damage")
        db.executescript(SCHEMA)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db
