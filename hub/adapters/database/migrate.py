"""Brings a database file to the schema that this version knows, and refuses one that a newer version has made."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from hub.adapters.database import engine
from hub.domain.errors import DongdongError

_MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = tuple(sorted(file.name[:4] for file in (_MIGRATIONS / "versions").glob("*.py")))
"""All that this version knows, the oldest first; each file's name begins with its revision."""


class SchemaTooNew(DongdongError):
    """The file was made by a newer version, whose rows we would damage. Params: `revision`."""

    key = "schema_too_new"


class SchemaBroken(Exception):
    """A migration would have left rows that refer to nothing; it was taken back."""


def migrate(path: Path) -> None:
    """Makes the file if there is none, and takes it to the newest schema in one transaction; raises SchemaTooNew.

    Several processes may start at once: the first migrates, the others wait for it. A file that is up to date is only
    read: a process that starts has not to wait for one that writes much.
    """
    path.touch(mode=0o600, exist_ok=True)  # it holds names and telephone numbers
    if _is_up_to_date(path):
        return
    migrating = engine.migrating(path)
    try:
        with migrating.begin() as connection:
            if _revision(connection) != REVISIONS[-1]:
                _upgrade(connection)
    finally:
        migrating.dispose()


def _is_up_to_date(path: Path) -> bool:
    looking = engine.reading(path, engine.MIGRATION_TIMEOUT_MS)
    try:
        with looking.begin() as connection:
            return _revision(connection) == REVISIONS[-1]
    finally:
        looking.dispose()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    if revision not in REVISIONS:
        raise SchemaTooNew(revision=revision)
    return revision


def _upgrade(connection: Connection) -> None:
    from alembic import command  # here, since it takes 0.4 s and a hub that starts again needs none of it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if dangling is not None:
        raise SchemaBroken(f"table {dangling[0]} refers to rows of {dangling[2]} that are not there")
