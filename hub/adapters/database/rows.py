"""How frozen dataclasses lie in rows: columns are named as the fields, and come back in the fields' order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Insert, Select, Table, bindparam, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from hub.adapters.database.prepared import rows_of, write_rows

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

AnyRow = Sequence[Any]
"""One row, by position."""
AnySelect = Select[*tuple[Any, ...]]

COMMUNITY: BindParameter[int] = bindparam("community")
WANTED: BindParameter[str] = bindparam("wanted", expanding=True)
"""The IN list of a statement that `rows_in` runs."""
CHUNK = 4_096
"""So many values stand in one IN list; SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535."""


def in_community(column: ColumnElement[int]) -> ColumnElement[bool]:
    """That a row is of COMMUNITY, for a statement on WANTED.

    The sum keeps SQLite from an index that begins with the community: for a list of a hundred values it would go
    through every row of the community rather than look up each value.
    """
    return column + literal_column("0") == COMMUNITY


def columns(table: Table, kind: type[DataclassInstance]) -> list[ColumnElement[Any]]:
    """The columns that hold the fields of `kind`, in its order, so that `kind(*row)` reads a row."""
    return [table.c[name] for name in _names(kind)]


def as_row(value: DataclassInstance) -> dict[str, Any]:
    """The fields of a value by column name."""
    names = _names(type(value))
    return dict(zip(names, attrgetter(*names)(value), strict=True))


def insert_all(connection: Connection, table: Table, community_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows of one community, all with the columns of the first, with one statement; none for none."""
    if rows:
        names = tuple(rows[0])
        values = ([community_id, *(row[name] for name in names)] for row in rows)
        write_rows(connection, _insert(table), ("community_id", *names), values)


def insert_values(connection: Connection, table: Table, community_id: int, values: Sequence[DataclassInstance]) -> None:
    """As `insert_all`, for values of one kind whose fields are the columns."""
    if values:
        names = _names(type(values[0]))
        fields_of = attrgetter(*names)
        rows = ((community_id, *fields_of(value)) for value in values)
        write_rows(connection, _insert(table), ("community_id", *names), rows)


def upserts(table: Table) -> Mapping[str, Insert]:
    """By dialect: inserts a row, or replaces what is not of the primary key in the one that is there."""
    key = [column.name for column in table.primary_key]
    statements: dict[str, Insert] = {}
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert)):
        statement = insert(table)
        others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
        statements[dialect] = statement.on_conflict_do_update(index_elements=key, set_=others)
    return statements


def rows_in(
    connection: Connection, statement: AnySelect, wanted: Collection[str], community_id: int, **others: object
) -> Iterator[AnyRow]:
    """The rows of a statement on WANTED, COMMUNITY and others; above CHUNK values they are ordered in pieces.

    Lists are filled up to a power of two with what stands in them already, so that there are few statements.
    """
    for chunk in chunks(wanted):
        size = 1 << (len(chunk) - 1).bit_length()
        filled = chunk + chunk[-1:] * (size - len(chunk))
        yield from rows_of(connection, statement, {"community": community_id, **others}, {WANTED.key: filled})


def chunks(wanted: Collection[str]) -> Iterator[list[str]]:
    """Pieces of an IN list; each value once, in a stable order."""
    values = list(dict.fromkeys(wanted))
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


@cache
def _insert(table: Table) -> Insert:
    """The one statement of this table, so that it is compiled once."""
    return table.insert().inline()


@cache
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
