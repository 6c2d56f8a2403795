"""The verbs of `trainshed job`: what is asked of the server, and what is printed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.client.documents import JOB_ID, JOB_PATH, NOW, job
from tests.client.scripted import Answer, ScriptedServer, as_json, problem
from tests.client.test_streams import piece

JOBS = "/api/v1/jobs"
OTHER = f"{JOB_ID[:-1]}2"
SPEC = "kind: command\nname: {name}\ncommand: [echo, hello]\n"


def body_of(server: ScriptedServer) -> Any:
    return json.loads(server.asked[-1].body)


@pytest.fixture
def specs(offline: Shell) -> tuple[str, str]:
    for name in ("a", "b"):
        (offline.folder / f"{name}.yaml").write_text(SPEC.format(name=name))
    return "a.yaml", "b.yaml"


def test_a_dry_run_checks_and_submits_nothing(shell: Shell, server: ScriptedServer, specs: tuple[str, str]) -> None:
    server.on("POST", JOBS, as_json(job("queued", id="", reason="waiting_for_capacity")))

    done = shell.run("job", "submit", specs[0], "--dry-run")

    assert done.returncode == 0
    assert done.stdout.split("\t")[:3] == ["hello", "command", "queued"]
    assert "Nothing was submitted" in done.stderr
    assert [asked.query for asked in server.asked] == [{"dry_run": ["true"]}]


def test_a_dry_run_of_a_wrong_spec_names_the_fields(
    shell: Shell, server: ScriptedServer, specs: tuple[str, str]
) -> None:
    wrong = [{"path": "command", "message": "is empty", "value": []}]
    server.on(
        "POST", JOBS, problem(422, "spec_invalid", "The job spec has 1 error.", errors=wrong, remedy="Correct it.")
    )

    done = shell.run("job", "submit", specs[0], "--dry-run")

    assert (done.returncode, done.stdout) == (2, "")
    assert "command: is empty" in done.stderr
    assert "→ Correct it." in done.stderr


def test_several_files_become_several_jobs_at_once(
    shell: Shell, server: ScriptedServer, specs: tuple[str, str]
) -> None:
    made = [{"id": JOB_ID, "name": "a", "state": "queued"}, {"id": OTHER, "name": "b", "state": "queued"}]
    server.on("POST", f"{JOBS}/batch", as_json({"items": made}, 202))

    done = shell.run("job", "submit", *specs, "--set", "priority=3")

    assert done.stdout == f"{JOB_ID}\ta\tqueued\n{OTHER}\tb\tqueued\n"
    assert [(spec["name"], spec["priority"]) for spec in body_of(server)["jobs"]] == [("a", 3), ("b", 3)]


def test_a_batch_that_is_waited_for_exits_as_the_worst_of_it(
    shell: Shell, server: ScriptedServer, specs: tuple[str, str]
) -> None:
    made = [{"id": JOB_ID, "name": "a", "state": "queued"}, {"id": OTHER, "name": "b", "state": "queued"}]
    server.on("POST", f"{JOBS}/batch", as_json({"items": made}, 202))
    server.on("GET", JOB_PATH, as_json(job("failed")))
    server.on("GET", f"{JOBS}/{OTHER}", as_json(job("succeeded", id=OTHER)))

    done = shell.run("job", "submit", *specs, "--wait", "-q")

    assert (done.returncode, done.stdout) == (100, f"{JOB_ID}\n{OTHER}\n")


@pytest.mark.parametrize("options", [("--name", "x"), ("--follow",), ("-", "-")])
def test_what_is_for_one_job_is_refused_for_several(
    shell: Shell, server: ScriptedServer, specs: tuple[str, str], options: tuple[str, ...]
) -> None:
    done = shell.run("job", "submit", *specs, *options)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("→ ")
    assert server.asked == []


def test_a_list_is_filtered_and_sorted_by_the_server(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, as_json({"items": [], "next_cursor": None}))
    arguments = ("--kind", "train", "--kind", "command", "--label", "team=v", "--text", "dig", "--sort", "-finished")

    done = shell.run("job", "list", *arguments, "--until", NOW, "-n", "7")

    assert (done.returncode, done.stdout) == (0, "")
    assert server.asked[0].query == {
        "kind": ["train", "command"],
        "label": ["team=v"],
        "text": ["dig"],
        "sort": ["-finished"],
        "created_before": ["2026-11-23T12:00:00+00:00"],
        "limit": ["7"],
    }


def test_since_is_a_time_ago(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, as_json({"items": [], "next_cursor": None}))

    shell.run("job", "list", "--since", "1h30m")

    after = datetime.fromisoformat(server.asked[0].query["created_after"][0])
    assert timedelta(0) <= datetime.now(UTC) - timedelta(minutes=90) - after < timedelta(minutes=1)


def test_a_log_begins_so_long_ago(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(job()))
    server.on("GET", f"{JOB_PATH}/logs", piece(b"late\n", 100, complete=True))

    done = shell.run("job", "logs", JOB_ID, "--since", "2026-11-23T12:00:00Z")

    assert done.stdout == "late\n"
    assert server.asked[-1].query["since"] == ["2026-11-23T12:00:00+00:00"]
    assert shell.run("job", "logs", JOB_ID, "--since", "1h", "--tail", "3").returncode == 2
    assert shell.run("job", "logs", JOB_ID, "--since", "soon").returncode == 2


@pytest.mark.parametrize("verb", ["cancel", "hold", "release", "pause", "resume"])
def test_a_change_of_several_jobs_prints_each(shell: Shell, server: ScriptedServer, verb: str) -> None:
    server.on("POST", f"{JOB_PATH}/{verb}", as_json(job("queued")))
    server.on("POST", f"{JOBS}/{OTHER}/{verb}", as_json(job("queued", id=OTHER)))

    done = shell.run("job", verb, JOB_ID, OTHER, JOB_ID, "-q")

    assert (done.returncode, done.stdout) == (0, f"{JOB_ID}\n{OTHER}\n")
    assert len(server.asked) == 2


def test_nothing_is_cancelled_when_one_job_is_not_found(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, as_json({"items": [], "next_cursor": None}))

    assert shell.run("job", "cancel", JOB_ID, "typo").returncode == 102
    assert {asked.method for asked in server.asked} == {"GET"}


def test_an_edit_merges_labels(shell: Shell, server: ScriptedServer) -> None:
    server.on("PATCH", JOB_PATH, as_json(job(priority=5)))

    done = shell.run(
        "job", "edit", JOB_ID, "--priority", "5", "--label", "team=v", "--remove-label", "old", "-o", "json"
    )

    assert json.loads(done.stdout)["priority"] == 5
    assert body_of(server) == {"labels": {"team": "v", "old": None}, "priority": 5}
    assert shell.run("job", "edit", JOB_ID).returncode == 2


def test_a_retry_is_a_new_job(shell: Shell, server: ScriptedServer) -> None:
    server.on("POST", f"{JOB_PATH}/retry", as_json(job("queued", id=OTHER, retry_of=JOB_ID), 202))
    server.on("GET", f"{JOBS}/{OTHER}", as_json(job("succeeded", id=OTHER)))

    assert shell.run("job", "retry", JOB_ID, "-q").stdout == f"{OTHER}\n"
    waited = shell.run("job", "retry", JOB_ID, "--wait", "-q")
    assert (waited.returncode, waited.stdout) == (0, f"{OTHER}\n")


@pytest.mark.parametrize(
    ("options", "patch"),
    [
        (("--set", "training.epochs=5", "--unset", "timeout"), {"training": {"epochs": 5}, "timeout": None}),
        (("--name", "again", "--set", "labels.a=b"), {"name": "again", "labels": {"a": "b"}}),
        (("--set", "command[1]=bye"), {"command": ["echo", "bye"]}),
        ((), None),
    ],
)
def test_a_clone_sends_the_changes_as_a_merge_patch(
    shell: Shell, server: ScriptedServer, options: tuple[str, ...], patch: dict[str, Any] | None
) -> None:
    server.on("GET", JOB_PATH, as_json(job()))
    server.on("POST", f"{JOB_PATH}/clone", as_json(job("queued", id=OTHER), 202))

    done = shell.run("job", "clone", JOB_ID, *options, "-q")

    assert (done.returncode, done.stdout) == (0, f"{OTHER}\n")
    assert (json.loads(server.asked[-1].body) if server.asked[-1].body else None) == patch


def test_a_program_must_say_yes_to_a_delete(shell: Shell, server: ScriptedServer) -> None:
    server.on("DELETE", JOB_PATH, Answer(204))

    refused = shell.run("job", "delete", JOB_ID)
    done = shell.run("job", "delete", JOB_ID, "--yes")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--yes" in refused.stderr
    assert (done.returncode, done.stderr) == (0, f"Deleted {JOB_ID}\n")
    assert [asked.method for asked in server.asked] == ["DELETE"]


def test_a_job_that_is_needed_is_not_deleted(shell: Shell, server: ScriptedServer) -> None:
    server.on("DELETE", JOB_PATH, problem(409, "in_use", "Job x needs it.", remedy="Cancel x first."))

    done = shell.run("job", "delete", JOB_ID, "-y")

    assert done.returncode == 1
    assert done.stderr == "error: Job x needs it.\n→ Cancel x first.\n"


def test_a_file_is_added_to_a_job(shell: Shell, server: ScriptedServer) -> None:
    (shell.folder / "notes.md").write_text("well")
    artifact = {
        "path": "n/1.md", "size": 4, "sha256": "0" * 64, "media_type": "text/plain", "attempt": 1, "created_at": NOW,
    }  # fmt: skip
    server.on("PUT", f"{JOB_PATH}/artifacts/n/1.md", as_json(artifact, 201))

    done = shell.run("job", "upload", JOB_ID, "notes.md", "--path", "n/1.md", "-q")

    assert done.stdout == "n/1.md\n"
    assert server.asked[0].body == b"well"


def test_a_disk_that_refuses_is_an_error_in_words(shell: Shell, server: ScriptedServer) -> None:
    item = {"path": "a", "size": 1, "sha256": "0" * 64, "media_type": "x", "attempt": 1, "created_at": NOW}
    server.on("GET", f"{JOB_PATH}/artifacts", as_json({"items": [item]}))
    (shell.folder / "out").write_text("a file where a folder is wanted")

    done = shell.run("job", "download", JOB_ID, "--to", "out/here")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("→ ")
