from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.scripted import FakeTime, ScriptedServer, serve
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
