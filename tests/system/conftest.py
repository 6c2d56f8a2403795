from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ValkeyServer
from tests.system.platform import Platform


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A broker that the test may stop and freeze."""
    server = ValkeyServer(tmp_path / "valkey")
    server.start()
    yield server
    server.thaw()
    server.stop()


@pytest.fixture
def platform(tmp_path: Path, database_url: str, own_valkey: ValkeyServer) -> Iterator[Platform]:
    """A platform that has not been started; whatever the test starts in it is stopped after it."""
    made = Platform(tmp_path / "platform", database_url=database_url, broker_url=own_valkey.url)
    yield made
    made.stop()
