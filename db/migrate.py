"""Brings a database to the newest schema."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from db.engine import Database

_SCRIPTS: Final = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(url: str) -> None:
    """Run all migrations that the database at `url` has not seen."""
    command.upgrade(_config(url), "head")


def is_current(database: Database) -> bool:
    """Whether the schema is the one this code was written for."""
    with database.read() as conn:
        return MigrationContext.configure(conn).get_current_revision() == _head()


@cache
def _head() -> str | None:
    """Read the scripts once: every probe of the API asks."""
    return ScriptDirectory(str(_SCRIPTS)).get_current_head()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["url"] = url
    return config
