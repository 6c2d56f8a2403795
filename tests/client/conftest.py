from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.scripted import FakeTime, ScriptedServer, serve
from tests.servers import ValkeyServer
from tests.system.platform import Platform
from trainshed import Client


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as script:
        yield script


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def client(server: ScriptedServer, clock: FakeTime) -> Iterator[Client]:
    with Client(server.url, "trs_key", patience=clock.patience()) as made:
        yield made


@pytest.fixture
def platform(tmp_path: Path, database_url: str, valkey: ValkeyServer) -> Iterator[Platform]:
    """Real processes that have not been started; whatever the test starts is stopped after it."""
    made = Platform(tmp_path / "platform", database_url=database_url, broker_url=valkey.url)
    yield made
    made.stop()


@pytest.fixture
def real(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of a started platform with one worker, which finds its server in the environment."""
    platform.start(workers=1, slots=2)
    monkeypatch.setenv("TRAINSHED_URL", f"http://127.0.0.1:{platform.port}")
    monkeypatch.setenv("TRAINSHED_TOKEN", (platform.folder / "admin.key").read_text().strip())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Client() as client:
        yield client
