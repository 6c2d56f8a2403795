"""Migrations go up, down and up again on both databases, and leave exactly the tables of the models."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgres")
    server.execute("CREATE DATABASE test_migrations")
    yield server.url("test_migrations")
    server.execute("DROP DATABASE test_migrations WITH (FORCE)")


def alembic(url: str, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "TRAINSHED_DATABASE_URL": url}
    command = [sys.executable, "-m", "alembic", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def tables(url: str) -> set[str]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg") if "postgresql" in url else url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_up_check_down_and_up_again(empty_url: str) -> None:
    alembic(empty_url, "upgrade", "head")
    assert "No new upgrade operations" in alembic(empty_url, "check")
    assert {"job", "attempt", "event", "worker"} <= tables(empty_url)
    alembic(empty_url, "downgrade", "base")
    assert tables(empty_url) == {"alembic_version"}
    alembic(empty_url, "upgrade", "head")
