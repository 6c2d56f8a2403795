"""Exit codes and errors of the real command."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import DEADLINE_S, Shell
from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import ScriptedServer, as_json, problem
from tests.client.test_streams import piece
from tests.servers import free_port, wait_until

JOBS = "/api/v1/jobs"
SPEC = "kind: command\nname: hello\ncommand: [echo, hello]\n"


@pytest.mark.parametrize(("state", "code"), [("succeeded", 0), ("failed", 100), ("cancelled", 103)])
def test_a_wait_exits_as_the_job_did(shell: Shell, server: ScriptedServer, state: str, code: int) -> None:
    server.on("GET", JOB_PATH, as_json(job(state, message="the reason")))

    done = shell.run("job", "wait", JOB_ID)

    assert done.returncode == code
    assert done.stdout.split("\t")[3] == state
    assert state in done.stderr


def test_a_wait_that_is_over_first_exits_124(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(job("running")))

    done = shell.run("job", "wait", JOB_ID, "--timeout", "0s")

    assert done.returncode == 124
    assert "still running" in done.stderr


@pytest.mark.parametrize(("state", "code"), [("running", 101), ("succeeded", 0)])
def test_get_exits_as_the_job_did_on_demand(shell: Shell, server: ScriptedServer, state: str, code: int) -> None:
    server.on("GET", JOB_PATH, as_json(job(state)))

    assert shell.run("job", "get", JOB_ID).returncode == 0
    assert shell.run("job", "get", JOB_ID, "--exit-status").returncode == code


def test_an_unknown_job_exits_102(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, problem(404, "not_found", "There is no job of that identifier."))
    server.on("GET", JOBS, as_json({"items": [], "next_cursor": None}))

    assert shell.run("job", "get", JOB_ID).returncode == 102
    assert shell.run("job", "get", "unknown-name").returncode == 102
    assert shell.run("job", "get", "Not A Name").returncode == 102


def test_a_name_stands_for_its_newest_job(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, as_json({"items": [job()], "next_cursor": "more"}))
    server.on("GET", JOB_PATH, as_json(job()))

    assert shell.run("job", "get", "hello", "-q").stdout == f"{JOB_ID}\n"
    assert server.asked[0].query == {"name": ["hello"], "limit": ["1"]}


def test_an_invalid_spec_exits_2_with_each_error_on_a_line(offline: Shell, spec_file: Callable[[str], str]) -> None:
    done = offline.run("spec", "check", "-f", spec_file("kind: command\nname: Hello\ncommand: []\ncolour: red\n"))

    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("error: The job spec has 3 errors")
    for field in ("name", "command", "colour"):
        assert f"\n  {field}: " in done.stderr
    assert done.stderr.splitlines()[-1].startswith("→ ")


def test_a_valid_spec_is_checked_offline(offline: Shell, spec_file: Callable[[str], str]) -> None:
    done = offline.run("spec", "check", "-f", spec_file(SPEC))

    assert (done.returncode, done.stdout) == (0, "")
    assert "valid" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("job", "submit"), ("job", "nonsense"), ("job", "list", "--state", "odd"), ("job", "submit", "absent.yaml")],
)
def test_wrong_usage_exits_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    done = shell.run(*arguments)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_no_known_server_says_what_to_do(offline: Shell) -> None:
    done = offline.run("job", "list")

    assert (done.returncode, done.stdout) == (1, "")
    assert "trainshed up" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_does_not_answer_says_what_to_do(offline: Shell) -> None:
    done = offline.run("job", "list", "--url", f"http://127.0.0.1:{free_port()}")

    assert done.returncode == 1
    assert done.stderr.startswith("error: No server answers at http://127.0.0.1")
    assert "Traceback" not in done.stderr


def test_a_key_comes_from_a_file_and_never_from_the_arguments(offline: Shell, server: ScriptedServer) -> None:
    (offline.folder / "key").write_text("trs_file\n")
    server.on("GET", JOB_PATH, as_json(job()))

    done = offline.run("--url", server.url, "--token-file", "key", "job", "get", JOB_ID)
    absent = offline.run("job", "get", JOB_ID, "--url", server.url, "--token-file", "absent")

    assert done.returncode == 0
    assert server.asked[0].headers["authorization"] == "Bearer trs_file"
    assert absent.returncode == 1
    assert "--token-file" in absent.stderr


def test_a_submit_sends_the_changed_spec_and_prints_the_job(
    shell: Shell, server: ScriptedServer, spec_file: Callable[[str], str]
) -> None:
    server.on("POST", JOBS, as_json(job("queued"), 202))

    path = spec_file(SPEC)
    done = shell.run("job", "submit", "-f", path, "--set", "priority=5", "--name", "other", "-q")

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{JOB_ID}\n", "")
    assert server.asked[0].body == (
        b'{"kind": "command", "name": "other", "command": ["echo", "hello"], "priority": 5}'
    )


def test_a_spec_may_come_from_stdin(shell: Shell, server: ScriptedServer) -> None:
    server.on("POST", JOBS, as_json(job("queued"), 202))

    assert shell.run("job", "submit", "-", stdin=SPEC).returncode == 0
    assert b'"name": "hello"' in server.asked[0].body


def test_a_followed_command_prints_its_log_and_exits_as_it_did(shell: Shell, server: ScriptedServer) -> None:
    server.on("POST", JOBS, as_json(job("queued"), 202))
    server.on("GET", JOB_PATH, as_json(job("failed", message="exit code 3")))
    server.on("GET", f"{JOB_PATH}/logs", piece(b"hello\n", 0, complete=True))

    done = shell.run("job", "run", "--env", "A=b=c", "--cpus", "1", "-f", "--", "./Train.py", "-n", "--follow")

    assert (done.returncode, done.stdout) == (100, "hello\n")
    assert "exit code 3" in done.stderr
    assert server.asked[0].body == (
        b'{"kind": "command", "name": "train.py", "command": ["./Train.py", "-n", "--follow"], '
        b'"env": {"A": "b=c"}, "resources": {"cpus": 1.0}}'
    )


def test_ctrl_c_detaches_and_says_how_to_come_back(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(job("running")))
    server.on("GET", f"{JOB_PATH}/logs", piece(b"", 0))

    process = shell.start("job", "logs", "-f", JOB_ID)
    wait_until(lambda: any(asked.path.endswith("/logs") for asked in server.asked), what="the log has been asked for")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=DEADLINE_S)

    assert process.returncode == 130
    assert f"trainshed job logs -f {JOB_ID}" in said
    assert "Traceback" not in said
    assert [asked.method for asked in server.asked if asked.method != "GET"] == []


def test_a_reader_that_goes_away_causes_no_complaint(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(job("succeeded")))
    server.on("GET", f"{JOB_PATH}/logs", piece(b"line\n" * 200_000, 0, complete=True))

    process = shell.start("job", "logs", JOB_ID)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()

    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=DEADLINE_S) == 141
    process.stderr.close()


def test_up_says_how_to_get_a_server_where_there_is_none(shell: Shell, tmp_path: Path) -> None:
    """A Python that has the client alone: the checkout is not on its path."""
    code = (
        "import sys, importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'standalone' else find(name, *more)\n"
        "sys.argv = ['trainshed', 'up', '--port', '9000']\n"
        "from trainshed.cli.main import main\n"
        "main()\n"
    )
    (tmp_path / "alone.py").write_text(code)

    done = shell.run_python("alone.py")

    assert done.returncode == 1
    assert "checkout" in done.stderr
    assert "image" in done.stderr


def test_help_and_version_need_no_server(offline: Shell) -> None:
    assert "submit" in offline.run("job", "--help").stdout
    assert offline.run("version").stdout.startswith("trainshed ")
