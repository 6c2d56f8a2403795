"""Half a minute of chaos on each database, as `make chaos` plays for longer; and the parts that judge it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.chaos.proxy import FaultProxy
from tests.chaos.report import percentile
from tests.chaos.round import Plan, play
from tests.chaos.stage import Database


@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_short_round_loses_doubles_and_changes_nothing(tmp_path: Path, database: Database) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # Postgres runs as another user where we are root
    result = play(Plan(database, seconds=20.0, jobs=12, seed=3, patience=0.3), tmp_path)

    assert not result.found.wrong, result.found.examples
    assert result.failures == []
    assert result.found.jobs == 12
    assert sum(result.faults.values()) >= 3


def test_a_proxy_passes_on_is_silent_and_cuts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, FaultProxy(server.getsockname()[1]) as proxy:
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
        there, _ = server.accept()
        client.sendall(b"hello")
        assert there.recv(5) == b"hello"
        proxy.is_silent = True
        client.sendall(b"again")
        there.settimeout(0.2)
        with pytest.raises(TimeoutError):
            there.recv(5)
        proxy.heal()
        there.settimeout(20)
        assert there.recv(5) == b"again"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        there.close()
        client.close()


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert [percentile([3.0, 1.0, 2.0], share) for share in (0.01, 0.5, 0.99)] == [1.0, 2.0, 3.0]
