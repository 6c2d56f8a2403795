"""`trainshed job list --watch`: one table that changes, or a line each time that a job does."""

from __future__ import annotations

import signal

from tests.cli.conftest import DEADLINE_S, Shell
from tests.cli.terminal import Terminal
from tests.client.documents import job
from tests.client.scripted import Answer, ScriptedServer, as_json


def listed(state: str) -> Answer:
    return as_json({"items": [job(state)], "next_cursor": None})


def test_a_terminal_shows_each_change_and_ctrl_c_gives_the_cursor_back(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", "/api/v1/jobs", listed("queued"), listed("running"))
    with Terminal(shell, "job", "list", "--watch") as terminal:
        terminal.wait_for("queued")
        terminal.wait_for("running")
        terminal.type("\x03")
        code = terminal.end()

    assert code == 130
    assert "\x1b[?25h" in terminal.seen
    assert "Traceback" not in terminal.seen


def test_a_pipe_gets_a_line_each_time_that_a_job_changes(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", "/api/v1/jobs", listed("queued"), listed("queued"), listed("running"))
    process = shell.start("job", "list", "--watch")
    assert process.stdout is not None
    states = [process.stdout.readline().split("\t")[3] for _ in range(2)]
    process.send_signal(signal.SIGINT)

    assert states == ["queued", "running"]
    assert process.wait(DEADLINE_S) == 130
    process.communicate()
