"""A file comes to the present schema from nothing or from an older version, and from a newer one it is left alone."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Inspector, create_engine, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from hub.adapters.database import tables
from hub.adapters.database.database import SqliteDatabase
from hub.adapters.database.migrate import _MIGRATIONS, REVISIONS, SchemaTooNew, migrate
from hub.domain.people import Duty
from hub.domain.words import LANGUAGES, say
from tests.hub.adapters.database.sample import ALERT, ANNOUNCEMENT, BUTTONS, COMMUNITY, HOMES, PEOPLE, PLACES, PRESS

OLDEST = Path(__file__).parent / "revision_0001.sql"
"""A dump of the first revision with the rows of sample.py, as `sqlite3 FILE .dump` writes it."""


def _from_dump(path: Path) -> None:
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(OLDEST.read_text(encoding="utf-8"))
    connection.close()


def _engine(path: Path) -> Engine:
    return create_engine(f"sqlite:///{path}")


def test_the_revisions_are_told_by_the_names_of_their_files() -> None:
    scripts = ScriptDirectory(str(_MIGRATIONS))
    assert [script.revision for script in scripts.walk_revisions()] == [*reversed(REVISIONS)]


def test_the_migrated_schema_is_the_one_in_tables(path: Path) -> None:
    with _engine(path).connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []


def test_the_migrated_schema_has_the_checks_and_computed_columns_in_tables(path: Path, tmp_path: Path) -> None:
    made = _engine(tmp_path / "made.db")
    tables.metadata.create_all(made)
    assert _rules(inspect(_engine(path))) == _rules(inspect(made))


async def test_a_file_that_is_up_to_date_opens_while_another_process_holds_its_lock(path: Path) -> None:
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        database = SqliteDatabase(path)
        await database.start()
        assert await database.read(lambda tx: tx.alerts.not_closed()) == []
        other.execute("ROLLBACK")
        await database.close()
    other.close()


def _rules(inspector: Inspector) -> dict[str, object]:
    return {
        name: (
            sorted(check["sqltext"] for check in inspector.get_check_constraints(name)),
            [(column["name"], column["computed"]) for column in inspector.get_columns(name) if "computed" in column],
            sorted((key["constrained_columns"], str(key["options"])) for key in inspector.get_foreign_keys(name)),
        )
        for name in tables.metadata.tables
    }


async def test_a_file_of_the_first_revision_keeps_its_rows(path: Path) -> None:
    _from_dump(path)
    database = SqliteDatabase(path)
    await database.start()
    assert await database.read(lambda tx: tx.places.community()) == COMMUNITY
    assert list((await database.read(lambda tx: tx.places.places())).values()) == PLACES
    assert len(await database.read(lambda tx: tx.places.homes([home.id for home in HOMES]))) == len(HOMES)
    assert list((await database.read(lambda tx: tx.people.people())).values()) == PEOPLE
    assert await database.read(lambda tx: tx.devices.buttons_of("dev-9")) == BUTTONS
    assert await database.read(lambda tx: tx.presses.known([PRESS.key])) == {PRESS.key: PRESS}
    assert await database.read(lambda tx: tx.alerts.get(ALERT.id)) == ALERT
    assert await database.read(lambda tx: tx.announcements.get(ANNOUNCEMENT.id)) == ANNOUNCEMENT
    await database.close()
    test_the_migrated_schema_is_the_one_in_tables(path)


async def test_the_shifts_of_the_first_revision_stay_and_say_what_they_are_for(path: Path) -> None:
    _from_dump(path)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO assignment VALUES (NULL, 1, 'p1', 'all', 'desk')")
        connection.executemany(
            "INSERT INTO shift VALUES (NULL, 1, ?, ?, 6, 1320, 360)", [("p1", "all"), ("p1", "grid-1"), ("p2", "all")]
        )
    connection.close()
    database = SqliteDatabase(path)
    await database.start()
    shifts = (await database.read(lambda tx: tx.rota.rota())).shifts
    assert [(one.person_id, one.place, one.duty) for one in shifts] == [
        ("p1", "all", Duty.DESK),
        ("p2", "all", Duty.VOLUNTEER),
        ("p1", "grid-1", Duty.VOLUNTEER),
    ]
    assert {(one.weekday, one.start_minute, one.end_minute) for one in shifts} == {(6, 1_320, 360)}
    await database.close()


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew) as refused:
        migrate(path)
    for language in LANGUAGES:
        assert "9999" in say(refused.value.key, language, **refused.value.params)
    assert path.read_bytes() == before


async def test_a_newer_file_is_refused_at_the_start(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(SchemaTooNew):
        await SqliteDatabase(path).start()


def test_migrating_again_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    migrate(path)
    assert path.read_bytes() == before


async def test_several_that_start_at_once_on_a_new_file_make_one_schema(tmp_path: Path) -> None:
    databases = [SqliteDatabase(tmp_path / "new.db") for _ in range(4)]
    await asyncio.gather(*(database.start() for database in databases))
    for database in databases:
        assert await database.read(lambda tx: tx.people.people()) == {}
        await database.close()


def test_every_table_and_index_can_be_written_for_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    for table in tables.metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "community_id" in text or table is tables.community
        for index in table.indexes:
            CreateIndex(index).compile(dialect=dialect)
