"""A database on a real file, empty or with the small community of sample.py."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.adapters.database.database import SqliteDatabase
from hub.adapters.database.migrate import migrate
from tests.hub.adapters.database.sample import fill


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the present schema and no row, made once."""
    path = tmp_path_factory.mktemp("database") / "template.db"
    migrate(path)
    return path


@pytest.fixture
def path(tmp_path: Path, template: Path) -> Path:
    """A file of the present schema, for this test alone."""
    return Path(shutil.copy(template, tmp_path / "dongdong.db"))


@pytest.fixture
async def empty(path: Path) -> AsyncIterator[SqliteDatabase]:
    """A started database without a community."""
    database = SqliteDatabase(path)
    await database.start()
    yield database
    await database.close()


@pytest.fixture
async def database(empty: SqliteDatabase) -> SqliteDatabase:
    """A started database with the small community."""
    await empty.write(fill)
    return empty
