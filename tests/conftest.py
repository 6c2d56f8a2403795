"""What all tests share: one Postgres and one Valkey a session, and a fresh migrated database a test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from db.engine import Database, open_database
from db.migrate import upgrade
from tests.servers import PostgresServer, ValkeyServer

_numbers = itertools.count(1)

# The machine may be busy: how long an example takes says nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


_LONGEST = {name: place for place, name in enumerate(("stateful", "fuzz", "chaos", "proofs", "system", "families"))}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: they would else be all that is left in the end."""
    items.sort(key=lambda item: _LONGEST.get(item.path.parent.name, len(_LONGEST)))


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder that other users may enter: pytest's own is private, and Postgres does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="trainshed-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[PostgresServer]:
    """A Postgres with a migrated database `template_trainshed` to copy from."""
    server = PostgresServer(server_folder / "postgres")
    server.start()
    server.execute("CREATE DATABASE template_trainshed")
    upgrade(server.url("template_trainshed"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(server_folder: Path) -> Iterator[ValkeyServer]:
    server = ValkeyServer(server_folder / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_template(server_folder: Path) -> Path:
    path = server_folder / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Both databases: each test that asks for one runs on each."""
    name: str = request.param
    return name


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated, empty database."""
    if dialect == "sqlite":
        path = tmp_path / "trainshed.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE template_trainshed")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()
