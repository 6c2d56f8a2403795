"""What is printed where: tables, TSV, JSON, YAML, identifiers."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess

import pytest
import yaml

from tests.cli.conftest import DEADLINE_S, EXECUTABLE, Shell
from tests.client.documents import JOB_ID, JOB_PATH, NOW, event, job
from tests.client.scripted import Answer, ScriptedServer, as_json

JOBS = "/api/v1/jobs"


@pytest.fixture
def two_jobs(server: ScriptedServer) -> None:
    failed = job("failed", id=f"{JOB_ID[:-1]}2", message="it\tbroke\nhere")
    server.on("GET", JOBS, as_json({"items": [job(), failed], "next_cursor": None}))


@pytest.mark.usefixtures("two_jobs")
def test_a_pipe_gets_one_tab_separated_line_a_job_without_header_or_colour(shell: Shell) -> None:
    done = shell.run("job", "list", FORCE_COLOR="")

    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[:4] for line in lines] == [
        [JOB_ID, "hello", "command", "running"],
        [f"{JOB_ID[:-1]}2", "hello", "command", "failed"],
    ]
    assert lines[0][6] == NOW
    assert len({len(line) for line in lines}) == 1
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


@pytest.mark.usefixtures("two_jobs")
@pytest.mark.parametrize("arguments", [("-o", "json", "job", "list"), ("job", "list", "-o", "json")])
def test_options_may_stand_before_or_after_the_command(shell: Shell, arguments: tuple[str, ...]) -> None:
    documents = json.loads(shell.run(*arguments).stdout)

    assert [each["state"] for each in documents] == ["running", "failed"]
    assert documents[0]["created_at"] == NOW


@pytest.mark.usefixtures("two_jobs")
@pytest.mark.parametrize("option", [("-q",), ("-o", "name")])
def test_quiet_prints_identifiers_alone(shell: Shell, option: tuple[str, ...]) -> None:
    assert shell.run("job", "list", *option).stdout.splitlines() == [JOB_ID, f"{JOB_ID[:-1]}2"]


@pytest.mark.usefixtures("two_jobs")
def test_an_explicit_table_has_a_header_and_is_not_cut(shell: Shell) -> None:
    lines = shell.run("job", "list", "-o", "wide", COLUMNS="40").stdout.splitlines()

    assert lines[0].split() == [
        *("ID", "NAME", "KIND", "STATE", "REASON", "PROGRESS", "CREATED", "STARTED", "FINISHED"),
        *("ATTEMPT", "POOL", "PRIORITY", "LABELS", "MESSAGE"),
    ]
    assert JOB_ID in lines[1]


def test_yaml_reads_back_as_the_same_document(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(job()))

    document = yaml.safe_load(shell.run("job", "get", JOB_ID, "-o", "yaml").stdout)

    assert document["spec"] == {"kind": "command", "name": "hello", "command": ["echo", "hello"]}


def on_terminal(shell: Shell, *arguments: str, **environ: str) -> str:
    """What a person sees."""
    controller, terminal = pty.openpty()
    variables = shell.environ | {"TERM": "xterm-256color", "COLUMNS": "200"} | environ
    subprocess.run(
        [EXECUTABLE, *arguments], cwd=shell.folder, env=variables, stdout=terminal, timeout=DEADLINE_S, check=True
    )
    os.close(terminal)
    seen = b""
    try:
        while part := os.read(controller, 65_536):
            seen += part
    except OSError:  # the terminal has been closed
        pass
    os.close(controller)
    return seen.decode()


@pytest.mark.usefixtures("two_jobs")
def test_a_person_gets_a_table_with_colour_unless_no_colour_is_wanted(shell: Shell) -> None:
    coloured = on_terminal(shell, "job", "list")
    plain = on_terminal(shell, "job", "list", NO_COLOR="1")

    assert "\x1b[36mrunning" in coloured
    assert "\x1b[3" not in plain
    assert "ago" in plain


def test_metrics_are_one_line_a_series_and_all_points_on_demand(shell: Shell, server: ScriptedServer) -> None:
    points = [{"step": step, "value": value, "at": NOW} for step, value in ((1, 0.5), (2, 0.25))]
    server.on("GET", f"{JOB_PATH}/metrics", as_json({"series": [{"name": "loss", "points": points}]}))

    summary = shell.run("job", "metrics", JOB_ID).stdout
    every_point = shell.run("job", "metrics", JOB_ID, "--series", "loss").stdout

    assert summary == "loss\t2\t2\t0.25\t0.25\t0.5\n"
    assert every_point == f"loss\t1\t0.5\t{NOW}\nloss\t2\t0.25\t{NOW}\n"
    assert server.asked[1].query["series"] == ["loss"]


def test_followed_events_are_one_json_line_each(shell: Shell, server: ScriptedServer) -> None:
    lines = [f"id: {seq}\nevent: start\ndata: {json.dumps(event(seq))}\n\n".encode() for seq in (1, 2)]
    body = b"".join(lines) + b"event: end\ndata: {}\n\n"
    server.on("GET", f"{JOB_PATH}/events", Answer(200, body, {"Content-Type": "text/event-stream"}))

    done = shell.run("job", "events", JOB_ID, "--follow", "-o", "json")

    assert [json.loads(line)["seq"] for line in done.stdout.splitlines()] == [1, 2]


def test_artifacts_are_downloaded_below_a_folder(shell: Shell, server: ScriptedServer) -> None:
    sha256 = hashlib.sha256(b"weights").hexdigest()
    more = {"size": 7, "sha256": sha256, "media_type": "x/y", "attempt": 1, "created_at": NOW}
    items = [{"path": path, **more} for path in ("model/a.keras", "model/b.keras", "card.json")]
    server.on("GET", f"{JOB_PATH}/artifacts", as_json({"items": items}))
    for item in items:
        server.on("GET", f"{JOB_PATH}/artifacts/{item['path']}", Answer(200, b"weights", {"ETag": f'"{sha256}"'}))

    done = shell.run("job", "download", JOB_ID, "model", "--to", "out")

    assert done.stdout.splitlines() == ["out/model/a.keras", "out/model/b.keras"]
    assert (shell.folder / "out" / "model" / "a.keras").read_bytes() == b"weights"
    assert not (shell.folder / "out" / "card.json").exists()


def test_workers_are_listed(shell: Shell, server: ScriptedServer) -> None:
    worker = {
        "id": "wrk_1", "name": "w", "host": "h", "pool": "cpu", "state": "active", "slots": 4, "busy": 1,
        "cpus": 4.0, "memory_bytes": 1 << 30, "gpus": 0, "sandbox": "none", "runs_commands": True, "versions": {},
        "started_at": NOW, "last_seen_at": NOW,
    }  # fmt: skip
    server.on("GET", "/api/v1/workers", as_json({"items": [worker]}))

    assert shell.run("worker", "list").stdout.split("\t")[:6] == ["wrk_1", "w", "cpu", "active", "1", "4.0"]
