"""`trainshed doctor`: what it looks at, how bad each is, and what it says to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal
from tests.cli.test_control import worker
from tests.client.scripted import Answer, ScriptedServer, as_json, problem
from tests.servers import free_port
from trainshed import __version__
from trainshed.cli.doctor.finding import Health
from trainshed.cli.doctor.machine import _judge, data_folder, port, room, writable

FINE = {"database": "ok", "broker": "ok", "store": "ok"}
LEVEL = {"landlock_abi": 7, "network": "own", "own_mounts": True}


@pytest.fixture
def healthy(server: ScriptedServer) -> ScriptedServer:
    """A server with which all is well. What is written down later comes second; see `ill`."""
    sender = {"project": "default", "key_id": "key_1", "role": "admin", "scopes": None}
    server.on("GET", "/version", as_json({"version": __version__, "api": "v1"}))
    server.on("GET", "/readyz", as_json({"ready": True, "checks": FINE}))
    server.on("GET", "/healthz", Answer(200, b"ok"))
    server.on("GET", "/api/v1/whoami", as_json(sender))
    server.on("GET", "/api/v1/workers", as_json({"items": [worker(1, sandbox="landlock 7")]}))
    return server


def ill(server: ScriptedServer, path: str, answer: Answer) -> None:
    server._answers["GET", path] = [answer]


def findings(shell: Shell, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = shell.run("doctor", "-o", "json", *arguments)
    assert done.stderr == ""
    return done.returncode, {each["check"]: each for each in json.loads(done.stdout)}


@pytest.mark.usefixtures("healthy")
def test_where_all_is_well_nothing_fails(shell: Shell) -> None:
    code, found = findings(shell)

    assert code == 0
    wanted = {"python", "packages", "parts", "folder", "disk", "port", "sandbox", "server", "clock", "key", "pool cpu"}
    assert wanted | set(FINE) <= set(found)
    assert {each["health"] for each in found.values()} <= {"ok", "warn"}
    for check in ("server", "database", "clock", "key", "pool cpu"):
        assert found[check]["health"] == "ok", found[check]
    assert "landlock 7" in found["pool cpu"]["detail"]


def test_what_does_not_work_fails_and_says_how_to_mend_it(shell: Shell, healthy: ScriptedServer) -> None:
    checks = {"database": "it does not answer", "broker": "degraded: it does not answer", "store": "ok"}
    ill(healthy, "/readyz", as_json({"ready": False, "checks": checks}, 503))
    ill(healthy, "/api/v1/whoami", problem(401, "unauthenticated", "This key is not valid.", remedy="Use another."))

    code, found = findings(shell)

    assert code == 1
    assert [found[each]["health"] for each in ("database", "broker", "store", "key")] == ["fail", "warn", "ok", "fail"]
    assert all(each["remedy"] for each in found.values() if each["health"] != "ok")
    assert "TRAINSHED_DATABASE_URL" in found["database"]["remedy"]


def test_a_server_that_is_away_fails_and_nothing_else_is_asked_of_it(offline: Shell) -> None:
    code, found = findings(offline, "--url", f"http://127.0.0.1:{free_port()}")

    assert code == 1
    assert found["server"]["health"] == "fail"
    assert "trainshed up" in found["server"]["remedy"]
    assert "key" not in found


def test_before_the_first_start_nothing_has_failed(offline: Shell) -> None:
    code, found = findings(offline)

    assert code == 0
    assert found["server"]["health"] == "warn"


def test_no_key_fails(shell: Shell, healthy: ScriptedServer) -> None:
    bare = Shell(shell.folder, {name: value for name, value in shell.environ.items() if name != "TRAINSHED_TOKEN"})

    code, found = findings(bare)

    assert (code, found["key"]["health"]) == (1, "fail")
    assert healthy.asked[-1].path == "/healthz"


@pytest.mark.parametrize(
    ("workers", "check", "said"),
    [
        ([], "workers", "jobs wait"),
        ([worker(1, state="gone")], "workers", "jobs wait"),
        ([worker(1, state="draining"), worker(2, drain=True)], "pool cpu", "0 of 2"),
        ([worker(1, runs_commands=False)], "pool cpu", "sandbox: none"),
    ],
)
def test_a_pool_without_help_is_warned_of(
    shell: Shell, healthy: ScriptedServer, workers: list[dict[str, Any]], check: str, said: str
) -> None:
    ill(healthy, "/api/v1/workers", as_json({"items": workers}))

    code, found = findings(shell)

    assert (code, found[check]["health"]) == (0, "warn")
    assert said in found[check]["detail"]


@pytest.mark.usefixtures("healthy")
def test_a_pipe_gets_lines_and_a_person_the_remedy_below(shell: Shell, healthy: ScriptedServer) -> None:
    ill(healthy, "/version", as_json({"version": "99.0", "api": "v1"}))

    lines = [line.split("\t") for line in shell.run("doctor").stdout.splitlines()]
    with Terminal(shell, "doctor", NO_COLOR="1") as terminal:
        code = terminal.end()

    assert {len(line) for line in lines} == {4}
    assert ["warn", "server"] in [line[:2] for line in lines]
    assert code == 0
    assert "warn  server" in terminal.seen
    assert "→ Bring the older of the two up to date." in terminal.seen


class Late(BaseHTTPRequestHandler):
    """A server whose clock is an hour behind, and that knows nothing else."""

    def do_GET(self) -> None:
        self.send_response_only(200 if self.path in ("/version", "/healthz") else 404)
        self.send_header("Date", format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"version": __version__, "api": "v1"}).encode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def late() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Late) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_clocks_that_differ_are_warned_of(offline: Shell, late: str) -> None:
    _, found = findings(offline, "--url", late)

    assert found["clock"]["health"] == "warn"
    assert "3600 s behind" in found["clock"]["detail"] or "3599 s behind" in found["clock"]["detail"]


def test_a_port_is_free_or_ours_or_taken(late: str, server: ScriptedServer) -> None:
    free, ours, taken = (port({"TRAINSHED_PORT": text}) for text in (str(free_port()), _port(late), _port(server.url)))

    assert free.detail.endswith("is free")
    assert ours.detail.endswith("by a Trainshed server")
    assert taken.detail.endswith("by another program")
    assert [free.health, ours.health, taken.health] == [Health.OK, Health.OK, Health.WARN]


def _port(url: str) -> str:
    return url.rpartition(":")[2]


def test_the_data_folder_is_the_named_one_or_the_nearest_or_would_be_here(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    assert data_folder({"TRAINSHED_DATA_DIR": "/data"}, below) == Path("/data")
    assert data_folder({}, below) == below / ".trainshed"
    (tmp_path / ".trainshed").mkdir()
    assert data_folder({}, below) == tmp_path / ".trainshed"


def test_a_folder_that_cannot_be_written_fails() -> None:
    assert writable(Path("/proc/self/trainshed")).health is Health.FAIL
    assert room(Path("/proc/self/trainshed")).health is Health.FAIL  # it has no room at all


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    assert writable(tmp_path / "not" / "there").health is Health.OK
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("level", "health"),
    [
        (LEVEL, Health.OK),
        (LEVEL | {"landlock_abi": 1}, Health.OK),
        (LEVEL | {"landlock_abi": 5, "own_mounts": False}, Health.WARN),
        (LEVEL | {"landlock_abi": 0}, Health.WARN),
        ({}, Health.WARN),
    ],
)
def test_a_sandbox_is_judged_by_what_it_holds_back(level: dict[str, Any], health: Health) -> None:
    assert _judge(level).health is health
