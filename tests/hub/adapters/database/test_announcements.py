"""Announcements, their sounds, and what became of them at each device."""

from __future__ import annotations

from dataclasses import replace

from hub.adapters.database.database import SqliteDatabase
from hub.domain.announcements import Evidence, Progress, Reached
from hub.domain.findings import Finding
from hub.services.ports import Announcement, Sound
from tests.hub.adapters.database.sample import ANNOUNCEMENT, NOW_MS

DEVICES = [("dev-9", "building-9"), ("dev-10", "building-10")]
PLAYED = Progress(
    "dev-9",
    "building-9",
    Reached.PLAYED,
    {Reached.RECEIVED: NOW_MS + 1, Reached.PLAYED: NOW_MS + 9},
    started_ms=NOW_MS + 2,
    reason="",
    evidence=Evidence(False, 0.12, -3.5, -61.0, Finding.SILENT),
)


def _one(number: int, **changes: object) -> Announcement:
    fields = {"id": f"ann-{number}", "created_ms": NOW_MS + number}
    return replace(ANNOUNCEMENT, **(fields | changes))  # type: ignore[arg-type]  # fields by name


async def test_an_announcement_begins_as_sent_to_every_device_and_nothing_more(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.announcements.add(ANNOUNCEMENT, DEVICES))
    assert await database.read(lambda tx: tx.announcements.get("ann-1")) == ANNOUNCEMENT
    assert await database.read(lambda tx: tx.announcements.get("ann-77")) is None
    assert await database.read(lambda tx: tx.announcements.progress("ann-1")) == [
        Progress("dev-10", "building-10", Reached.SENT, {}),
        Progress("dev-9", "building-9", Reached.SENT, {}),
    ]


async def test_progress_replaces_what_was_known_and_takes_in_a_device_that_came_later(
    database: SqliteDatabase,
) -> None:
    late = Progress("dev-11", "building-10", Reached.REJECTED, {}, reason="signature")
    await database.write(lambda tx: tx.announcements.add(ANNOUNCEMENT, DEVICES))
    await database.write(lambda tx: tx.announcements.save_progress([("ann-1", PLAYED), ("ann-1", late)]))
    keys = [("ann-1", "dev-9"), ("ann-1", "dev-11"), ("ann-77", "dev-9"), ("ann-1", "dev-77")]
    assert await database.read(lambda tx: tx.announcements.progress_of(keys)) == {
        ("ann-1", "dev-9"): PLAYED,
        ("ann-1", "dev-11"): late,
    }
    assert len(await database.read(lambda tx: tx.announcements.progress("ann-1"))) == 3


async def test_evidence_may_come_after_the_end_was_stored(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.announcements.add(ANNOUNCEMENT, DEVICES))
    await database.write(lambda tx: tx.announcements.save_progress([("ann-1", replace(PLAYED, evidence=None))]))
    heard = replace(PLAYED, evidence=Evidence(True, 0.97, 12.0, -20.5))
    await database.write(lambda tx: tx.announcements.save_progress([("ann-1", heard)]))
    found = await database.read(lambda tx: tx.announcements.progress_of([("ann-1", "dev-9")]))
    assert found == {("ann-1", "dev-9"): heard}


async def test_announcements_are_valid_or_stopped_until_their_time_is_over(database: SqliteDatabase) -> None:
    ones = [
        _one(1),
        _one(2, valid_until_ms=NOW_MS),
        _one(3, stopped_ms=NOW_MS - 1),
        _one(4, created_ms=NOW_MS - 4),
        _one(5, stopped_ms=NOW_MS - 1, valid_until_ms=NOW_MS),
    ]
    for one in ones:
        await database.write(lambda tx, one=one: tx.announcements.add(one, []))  # type: ignore[misc]  # a default binds the loop's value
    assert [one.id for one in await database.read(lambda tx: tx.announcements.valid(NOW_MS))] == ["ann-4", "ann-1"]
    assert [one.id for one in await database.read(lambda tx: tx.announcements.stopped(NOW_MS))] == ["ann-3"]
    assert [one.id for one in await database.read(lambda tx: tx.announcements.latest(2))] == ["ann-5", "ann-3"]


async def test_stopping_again_keeps_the_first_time(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.announcements.add(ANNOUNCEMENT, []))
    await database.write(lambda tx: tx.announcements.stop("ann-1", NOW_MS + 1))
    await database.write(lambda tx: tx.announcements.stop("ann-1", NOW_MS + 2))
    found = await database.read(lambda tx: tx.announcements.get("ann-1"))
    assert found == replace(ANNOUNCEMENT, stopped_ms=NOW_MS + 1)


async def test_a_sound_is_kept_once_by_its_hash(database: SqliteDatabase) -> None:
    sound = Sound(b"OggS\x00", "ab" * 32, 4_200)
    await database.write(lambda tx: tx.announcements.add_sound(sound, NOW_MS))
    await database.write(lambda tx: tx.announcements.add_sound(sound, NOW_MS + 1))
    assert await database.read(lambda tx: tx.announcements.sound(sound.sha256)) == sound
    assert await database.read(lambda tx: tx.announcements.sound("cd" * 32)) is None
