"""Brings a database file to the schema that this version knows, and refuses one that a newer version has made."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hub.adapters.database import engine

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaTooNew(Exception):
    """The file was made by a newer version, whose schema we would damage; `zh` and `en` say what to do."""

    def __init__(self, revision: str) -> None:
        self.zh = f"数据库是更新的版本写的（{revision}），这个版本不能用它。请装新版本，或者恢复旧的备份。"
        self.en = (
            f"The database was written by a newer version ({revision}); this one cannot use it. "
            "Install the newer version, or restore an older backup."
        )
        super().__init__(f"{self.zh}\n{self.en}")


class SchemaBroken(Exception):
    """A migration would have left rows that refer to nothing; it was taken back."""


def migrate(path: Path) -> None:
    """Makes the file if there is none, and takes it to the newest schema in one transaction; raises SchemaTooNew.

    Several processes may start at once: the first migrates, the others wait for it.
    """
    path.touch(mode=0o600, exist_ok=True)  # it holds names and telephone numbers
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    migrating = engine.writing(path, has_foreign_keys=False)
    try:
        with migrating.begin() as connection:
            if _revision(connection, scripts) != scripts.get_current_head():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                _check_references(connection)
    finally:
        migrating.dispose()


def _revision(connection: Connection, scripts: ScriptDirectory) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaTooNew(revision)
    return revision


def _check_references(connection: Connection) -> None:
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if dangling is not None:
        raise SchemaBroken(f"table {dangling[0]} refers to rows of {dangling[2]} that are not there")
