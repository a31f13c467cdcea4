"""The score of a community, from what its journal says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.alerts import Entry, Kind, State
from hub.domain.errors import Invalid
from hub.services.ports import Tx
from hub.services.views import ScoreView, score_view
from hub.services.views.score import DAY_MS
from tests.hub.services.small_community import NOON_MS, add_alert, small_community

NOW_MS = NOON_MS + 3_600_000


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with small_community(tmp_path) as opened:
        yield opened


def add(tx: Tx, name: str, *steps: tuple[str, int], place: str = "building-1", **change: object) -> None:
    """A call of NOON_MS with these lines in its journal, each so many seconds after it."""
    alert = add_alert(tx, name, State.CLOSED, int(str(change.pop("opened_ms", NOON_MS))))
    tx.alerts.update([replace(alert, place=place, version=alert.version + 1, **change)])  # type: ignore[arg-type]
    tx.alerts.add_journal([(name, alert.opened_ms + after_s * 1_000, Entry(what, "wang")) for what, after_s in steps])


async def score(database: SqliteDatabase, days: int = 30) -> ScoreView:
    return await database.read(lambda tx: score_view(tx, NOW_MS, days))


async def test_the_first_acceptance_and_arrival_count_per_grid_and_hour(database: SqliteDatabase) -> None:
    def job(tx: Tx) -> None:
        add(tx, "one", ("accepted", 20), ("reopened", 300), ("accepted", 320), ("arrived", 500))
        add(tx, "two", ("accepted", 80), place="building-3")
        add(tx, "three", ("declined", 5), place="building-3")
        add(tx, "four", ("accepted", 10), place="nowhere")

    await database.write(job)
    found = (await score(database)).real
    assert (found.total.calls, found.total.within_60_s, found.total.within_90_s) == (4, 2, 3)
    assert found.total.arrive_p50_ms == 500_000
    assert {one.slug: (one.tally.calls, one.tally.within_60_s) for one in found.by_grid} == {
        "grid-1": (1, 1),
        "grid-2": (2, 0),
        "": (1, 1),
    }
    assert [hour for hour, one in enumerate(found.by_hour) if one.calls] == [12]
    assert {one.after_s: one.accepted for one in found.curve if one.after_s in (0, 20, 180)} == {0: 0, 20: 2, 180: 3}


async def test_what_the_desk_took_back_never_was_accepted_or_arrived_at(database: SqliteDatabase) -> None:
    def job(tx: Tx) -> None:
        add(tx, "one", ("accepted", 10))
        undone = Entry("acceptance_taken_back", "desk", {"person_id": "wang"})
        tx.alerts.add_journal([("one", NOON_MS + 15_000, undone)])
        add(tx, "two", ("accepted", 20), ("arrived", 30))
        undone = Entry("arrival_taken_back", "desk", {"person_id": "wang"})
        tx.alerts.add_journal([("two", NOON_MS + 35_000, undone), ("two", NOON_MS + 200_000, Entry("arrived", "wang"))])

    await database.write(job)
    found = (await score(database)).real.total
    assert (found.calls, found.within_60_s, found.arrive_p50_ms) == (2, 1, 200_000)


async def test_exercises_are_apart_and_service_is_no_call_for_help(database: SqliteDatabase) -> None:
    def job(tx: Tx) -> None:
        add(tx, "real", ("accepted", 70))
        add(tx, "exercise", ("accepted", 5), is_exercise=True)
        add(tx, "service", ("accepted", 5), kind=Kind.SERVICE)

    await database.write(job)
    found = await score(database)
    assert (found.real.total.calls, found.real.total.within_60_s) == (1, 0)
    assert (found.exercises.total.calls, found.exercises.total.within_60_s) == (1, 1)


async def test_only_the_days_that_were_asked_for_count(database: SqliteDatabase) -> None:
    def job(tx: Tx) -> None:
        add(tx, "old", ("accepted", 5), opened_ms=NOW_MS - 8 * DAY_MS)
        add(tx, "new", ("accepted", 5))

    await database.write(job)
    assert [(await score(database, days)).real.total.calls for days in (7, 30)] == [1, 2]


@pytest.mark.parametrize("days", [0, -1, 367])
async def test_a_span_that_makes_no_sense_is_refused(database: SqliteDatabase, days: int) -> None:
    with pytest.raises(Invalid):
        await score(database, days)


async def test_a_community_without_calls_has_a_score_of_nothing(database: SqliteDatabase) -> None:
    found = await score(database)
    assert (found.real.total.calls, found.real.total.accept_p50_ms) == (0, None)
    assert len(found.real.by_hour) == 24
