"""Half a minute of chaos on each database, as `make chaos` plays for longer; and the parts that judge it."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.proxy import FaultProxy
from tests.chaos.round import Plan, play
from tests.chaos.stage import Database
from tests.percentiles import percentile


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may enter: where we are root, Postgres runs as somebody else."""
    with tempfile.TemporaryDirectory(prefix="trainshed-chaos-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_short_round_loses_doubles_and_changes_nothing(open_folder: Path, database: Database) -> None:
    plan = Plan(database, seconds=20.0, jobs=12, seed=3, patience=0.3, lone_kills=1, window_jobs=8)
    result = play(plan, open_folder)

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
