"""Statements that are given to the driver as they are say the same as through SQLAlchemy."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, create_engine, select

from hub.adapters.database import tables
from hub.adapters.database.prepared import rows_of, write_rows

_NAMED = (
    select(tables.place.c.slug)
    .where(tables.place.c.name == bindparam("name"), tables.place.c.slug != "b")
    .order_by(tables.place.c.slug)
    .limit(bindparam("most"))
)
_RENAME = tables.place.update().where(tables.place.c.slug == bindparam("one")).values(name=bindparam("new"))


def test_a_statement_brings_its_constants_and_is_refused_where_a_value_was_forgotten() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE place (slug TEXT, name TEXT)")
        for slug in "abcd":
            connection.exec_driver_sql(f"INSERT INTO place VALUES ('{slug}', 'x')")
        assert rows_of(connection, _NAMED, {"name": "x", "most": 2}) == [("a",), ("c",)]
        with pytest.raises(KeyError, match="name"):
            rows_of(connection, _NAMED, {"most": 2})


def test_writing_says_how_many_rows_were_there_to_be_written() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE place (slug TEXT, name TEXT)")
        connection.exec_driver_sql("INSERT INTO place VALUES ('a', 'x')")
        assert write_rows(connection, _RENAME, ("one", "new"), [("a", "y"), ("b", "y")]) == 1
        assert connection.exec_driver_sql("SELECT slug, name FROM place").all() == [("a", "y")]
