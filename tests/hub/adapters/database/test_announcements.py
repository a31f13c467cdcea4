"""Announcements, their sounds, and what became of them at each device."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.adapters.database.database import SqliteDatabase
from hub.domain.announcements import Evidence, Progress, Reached
from hub.domain.devices import Device
from hub.domain.findings import Finding
from hub.services.ports import Announcement, Sound, Tx
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


def _at(began_s: float | None, **reached_s: float) -> Progress:
    """A part of dev-9 that began last at `began_s`, and reached these states so many seconds after NOW_MS."""
    at_ms = {Reached(state): NOW_MS + round(seconds * 1000) for state, seconds in reached_s.items()}
    last = max(at_ms, key=lambda state: at_ms[state])
    started_ms = None if began_s is None else NOW_MS + round(began_s * 1000)
    return Progress("dev-9", "building-9", last, at_ms, started_ms=started_ms)


@pytest.mark.parametrize(
    ("part", "seconds"),
    [
        (_at(2, playing=2, played=11.5), 9.5),
        (_at(2, playing=2, stopped=5), 3),
        (_at(2, playing=2, interrupted=4), 2),
        (_at(20, playing=2, interrupted=4, played=29), 2 + 9),  # played again from its start
        (_at(2, playing=2, interrupted=4, played=29), 27),  # live: its first start is what it tells
        (_at(2, playing=2), None),
        (_at(None, stopped=5), None),
        (_at(None, suppressed=5), None),
        (_at(-60, playing=-60, played=-1), None),  # over before
        (_at(-5, playing=-5, played=1), 6),
    ],
)
async def test_what_was_reported_as_played_is_added_up_as_far_as_it_got(
    database: SqliteDatabase, part: Progress, seconds: float | None
) -> None:
    await database.write(lambda tx: tx.announcements.add(ANNOUNCEMENT, DEVICES))
    await database.write(lambda tx: tx.announcements.save_progress([("ann-1", part)]))
    expected = {} if seconds is None else {"dev-9": round(seconds * 1000)}
    assert await database.read(lambda tx: tx.announcements.sounded(NOW_MS)) == expected


@pytest.mark.parametrize(("priority", "level"), [(60, 0.25), (223, 0.25), (224, 1.0)])
async def test_what_was_played_counts_at_the_level_of_its_priority(
    database: SqliteDatabase, priority: int, level: float
) -> None:
    quiet = Device("dev-q", "building-9", volume=0.25)
    parts = [(f"ann-{n}", replace(_at(0, playing=0, played=10), device="dev-q")) for n in (1, 2)]

    def job(tx: Tx) -> None:
        tx.devices.add_devices([quiet])
        for number in (1, 2):
            tx.announcements.add(_one(number, priority=priority), [])
        tx.announcements.save_progress(parts)

    await database.write(job)
    assert await database.read(lambda tx: tx.announcements.sounded(NOW_MS)) == {"dev-q": round(20_000 * level)}
