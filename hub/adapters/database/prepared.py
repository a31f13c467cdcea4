"""Statements that run all the time: compiled once, then given to the driver as they are.

SQLAlchemy takes some 0.1 ms for each execution, three times that on a processor that was busy elsewhere meanwhile: with
eight statements a press, longer than the disk (docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any] | None
"""How a value becomes what the driver stores, or what it gives becomes a value; None when it is the same."""
Writing = Insert | Update
TOGETHER = 128
"""So many rows are inserted by one statement at most; SQLite takes 32,766 values in one."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    parameters: Sequence[tuple[str, Convert]]
    results: Sequence[tuple[int, Callable[[Any], Any]]]
    constants: Mapping[str, Any]
    """The values that the statement brings itself: what is compared to a constant, the OFFSET of a LIMIT."""

    def values(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters in the order of the statement, as the driver stores them."""
        return tuple([given[name] if convert is None else convert(given[name]) for name, convert in self.parameters])


@dataclass(frozen=True, slots=True)
class _Written:
    sql: str
    in_order: Callable[[Sequence[Any]], tuple[Any, ...]]
    conversions: Sequence[tuple[int, Callable[[Any], Any]]]

    def values(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """The values in the order of the statement, as the driver stores them."""
        return _converted(self.in_order(row), self.conversions)


def rows_of(
    connection: Connection,
    statement: Select[*tuple[Any, ...]],
    given: Mapping[str, Any],
    lists: Mapping[str, Sequence[Any]] = MappingProxyType({}),
) -> list[tuple[Any, ...]]:
    """All rows that a select finds, each value as its column's type reads it.

    `lists` are for its expanding parameters; every length of them is a statement of its own.
    """
    sizes = tuple((name, len(values)) for name, values in lists.items())
    compiled = _compiled(statement, connection.dialect, tuple(given), sizes)
    expanded = {f"{name}_{number}": one for name, values in lists.items() for number, one in enumerate(values, 1)}
    values = compiled.values({**compiled.constants, **given, **expanded})
    found = _driver(connection, compiled.sql, lambda cursor: cursor.execute(compiled.sql, values).fetchall())
    return [_converted(row, compiled.results) for row in found] if compiled.results else found


def write_rows(
    connection: Connection, statement: Writing, names: tuple[str, ...], rows: Iterable[Sequence[Any]]
) -> int:
    """Writes rows, whose values are those of the statement's parameters or columns `names`, in that order.

    Gives how many rows of the table were written.
    """
    written = _written(statement, connection.dialect, names)
    values = [written.values(row) for row in rows]
    if isinstance(statement, Insert):
        return sum(_insert_all(connection, written.sql, part) for part in _by_powers(values))
    count: int = _driver(connection, written.sql, lambda cursor: cursor.executemany(written.sql, values).rowcount)
    return count


def _insert_all(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Inserts all in one step of the driver, which lets Python's lock go in each: with a busy event loop beside it ten
    thousand rows took 1.2-1.7 s one by one, and 0.17 s so.
    """
    whole = _with_rows(sql, len(rows), len(rows[0]))
    values = list(chain.from_iterable(rows))
    count: int = _driver(connection, whole, lambda cursor: cursor.execute(whole, values).rowcount)
    return count


def _by_powers(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Pieces as long as a power of two, TOGETHER at most, so that there are few statements."""
    start = 0
    while left := len(rows) - start:
        size = min(TOGETHER, 1 << (left.bit_length() - 1))
        yield rows[start : start + size]
        start += size


@cache
def _with_rows(sql: str, rows: int, columns: int) -> str:
    """An insert of one row as one of many."""
    row = f"({', '.join('?' * columns)})"
    head, values, tail = sql.partition(f"VALUES {row}")
    assert values, "the driver marks values by ?"
    return f"{head}VALUES {', '.join([row] * rows)}{tail}"


def run_plain(connection: Connection, sql: str) -> None:
    """Runs a statement that takes no values and gives no rows."""
    _driver(connection, sql, lambda cursor: cursor.execute(sql))


def _converted(row: Sequence[Any], conversions: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    values = list(row)
    for index, convert in conversions:
        values[index] = convert(values[index])
    return tuple(values)


def _driver(connection: Connection, sql: str, run: Callable[[Any], Any]) -> Any:
    """What `run` makes of a cursor of the driver's; raises DBAPIError as a connection of SQLAlchemy does."""
    cursor = connection.connection.cursor()
    try:
        return run(cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        dialect = connection.dialect
        known = DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)
        raise known from error
    finally:
        cursor.close()


@cache
def _written(statement: Writing, dialect: Dialect, names: tuple[str, ...]) -> _Written:
    """All of them have at least two parameters, so `itemgetter` gives tuples."""
    compiled = _compiled(statement, dialect, names)
    order = [names.index(name) for name, _ in compiled.parameters]
    return _Written(compiled.sql, itemgetter(*order), _conversions(convert for _, convert in compiled.parameters))


@lru_cache(maxsize=500)
def _compiled(
    statement: Writing | Select[*tuple[Any, ...]],
    dialect: Dialect,
    names: tuple[str, ...],
    sizes: tuple[tuple[str, int], ...] = (),
) -> _Compiled:
    """`names` are those of an insert's columns, or of the parameters but for the lists, which have `sizes`."""
    if isinstance(statement, Select):
        columns = list(statement.selected_columns)
        # A list is spelled out only in a statement that has all its values; whatever they are, the text is the same.
        statement = statement.params(dict.fromkeys(names) | {name: [None] * size for name, size in sizes})
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    else:
        columns = []
        keys = names if isinstance(statement, Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=keys)
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup is not None, "the driver takes values by position"
    return _Compiled(
        str(compiled),
        [(name, _bind(compiled, name, dialect)) for name in compiled.positiontup],
        _conversions(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns),
        {name: bind.value for name, bind in compiled.binds.items() if not bind.required},
    )


def _conversions(converts: Iterable[Convert]) -> list[tuple[int, Callable[[Any], Any]]]:
    """Where something is to be converted, and how."""
    return [(index, convert) for index, convert in enumerate(converts) if convert is not None]


def _bind(compiled: SQLCompiler, name: str, dialect: Dialect) -> Convert:
    """How the driver stores a parameter; those of an expanded list are of the list's own kind."""
    key = name if name in compiled.binds else name.rpartition("_")[0]
    return compiled.binds[key].type.dialect_impl(dialect).bind_processor(dialect)
