"""What a person at a terminal sees of a job, and that Ctrl-C lets go of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal
from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import ScriptedServer, as_json
from tests.client.test_log_stream import message, stream
from tests.client.test_streams import LOGS, STREAM, piece

SHOW_CURSOR = "\x1b[?25h"
PROGRESS = {"fraction": 0.25, "epoch": 3, "epochs": 10, "step": 120, "steps": 400, "eta_s": 130.0}
EVIL = b"a\x1b[2Jb\x1b]0;title\x07c\x1b]52;c;aGk=\x1b\\d \x9b5m\x1b[31mred\x1b[0m\r\n"


def training(**changes: Any) -> dict[str, Any]:
    return job("running", name="digits", progress=PROGRESS, latest_metrics={"loss": 0.25, "accuracy": 0.9}, **changes)


@pytest.fixture
def followed(server: ScriptedServer) -> ScriptedServer:
    """A training job that ends while it is followed."""
    server.on("GET", JOB_PATH, *[as_json(training())] * 2, as_json(job("succeeded")))
    server.on(
        "GET", STREAM, stream(message(b"epoch 1\n", 0), message(EVIL, 8), message(b"done", 8 + len(EVIL)), end=True)
    )
    return server


def test_a_followed_job_shows_its_log_and_how_far_it_is(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(training()))
    server.on("GET", STREAM, stream(message(b"epoch 1\n", 0)))

    with Terminal(shell, "job", "logs", "-f", JOB_ID) as terminal:
        for text in ("epoch 1", "digits running", "25%", "epoch 3/10", "step 120/400", "ETA 2m10s", "loss 0.25"):
            terminal.wait_for(text)
        terminal.type("\x03")
        code = terminal.end()

    assert code == 130
    assert f"trainshed job logs -f {JOB_ID}" in terminal.seen
    assert terminal.seen.rindex(SHOW_CURSOR) < terminal.seen.index("Detached")
    assert "Traceback" not in terminal.seen
    assert {asked.method for asked in server.asked} == {"GET"}


@pytest.mark.usefixtures("followed")
def test_what_a_job_prints_moves_no_cursor_and_sets_no_title(shell: Shell) -> None:
    with Terminal(shell, "job", "logs", "-f", JOB_ID) as terminal:
        code = terminal.end()

    assert code == 0
    assert "abcd �5mred\r\n" in terminal.seen
    assert "done" in terminal.seen
    for evil in ("\x1b[2J", "title", "aGk="):
        assert evil not in terminal.seen


@pytest.mark.usefixtures("followed")
def test_a_file_gets_the_log_alone_and_byte_for_byte(shell: Shell) -> None:
    log = shell.folder / "log"

    with Terminal(shell, "job", "logs", "-f", JOB_ID, out=log) as terminal:
        terminal.end()

    assert log.read_bytes() == b"epoch 1\n" + EVIL + b"done"
    assert "epoch 1\r\n" not in terminal.seen
    assert "succeeded" in terminal.seen


@pytest.mark.usefixtures("followed")
def test_a_terminal_that_cannot_draw_gets_plain_lines(shell: Shell) -> None:
    with Terminal(shell, "job", "logs", "-f", JOB_ID, TERM="dumb") as terminal:
        terminal.end()

    assert "\x1b" not in terminal.seen
    assert "epoch 1\r\n" in terminal.seen


def test_without_follow_a_terminal_is_as_safe(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(job("succeeded")))
    server.on("GET", LOGS, piece(EVIL, 0, complete=True))

    with Terminal(shell, "job", "logs", JOB_ID) as terminal:
        terminal.end()
    piped = shell.run_bytes("job", "logs", JOB_ID)

    assert terminal.seen == "abcd �5mred\r\n"
    assert piped == EVIL


def test_a_wait_shows_how_far_the_job_is(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, *[as_json(training())] * 6, as_json(job("failed", message="it broke")))

    with Terminal(shell, "job", "wait", JOB_ID, NO_COLOR="1") as terminal:
        terminal.wait_for("epoch 3/10")
        code = terminal.end()

    assert code == 100
    assert "it broke" in terminal.seen
    assert "\x1b[3" not in terminal.seen.replace("\x1b[?25", "")


def test_a_silent_server_is_said_and_the_view_stays(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(job("queued", attempt=0, reason="waiting_for_capacity", queue_position=3)))
    server.on("GET", STREAM, stream())

    with Terminal(shell, "job", "logs", "-f", JOB_ID) as terminal:
        terminal.wait_for("waiting for capacity, number 3 in its pool")
        server.on("GET", JOB_PATH, as_json({}, 503))
        terminal.wait_for("the server does not answer")
        terminal.type("\x03")

        assert terminal.end() == 130


@pytest.mark.parametrize(("answer", "deleted"), [("y", True), ("n", False), ("", False)])
def test_a_person_is_asked_before_something_is_deleted(
    shell: Shell, server: ScriptedServer, answer: str, deleted: bool
) -> None:
    server.on("DELETE", JOB_PATH, as_json(None, 204))

    with Terminal(shell, "job", "delete", JOB_ID) as terminal:
        terminal.wait_for("[y/N]")
        terminal.type(f"{answer}\n")
        code = terminal.end()

    assert [asked.method for asked in server.asked] == (["DELETE"] if deleted else [])
    assert code == (0 if deleted else 1)


def test_a_table_has_a_header_unless_none_is_wanted(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", "/api/v1/jobs", as_json({"items": [job()], "next_cursor": None}))

    with Terminal(shell, "job", "list") as with_header:
        with_header.end()
    with Terminal(shell, "job", "list", "--no-headers") as without:
        without.end()

    assert "KIND" in with_header.seen
    assert "KIND" not in without.seen
    assert JOB_ID in without.seen
