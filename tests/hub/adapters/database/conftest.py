"""A database on a real file, empty or with the small community of sample.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.adapters.database.database import SqliteDatabase
from tests.hub.adapters.database.sample import fill


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file lies."""
    return tmp_path / "dongdong.db"


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
