"""`trainshed dataset`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import yaml

from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal
from tests.client.documents import JOB_ID, JOB_PATH, dataset, job, version
from tests.client.scripted import Answer, ScriptedServer, as_json, problem

FACES = "/api/v1/datasets/faces"
PROFILE = {"rows": 3, "columns": [{"name": "x", "nulls": None}]}


def test_datasets_are_listed_with_their_newest_version(shell: Shell, server: ScriptedServer) -> None:
    items = [dataset(version(2)), dataset()]
    server.on("GET", "/api/v1/datasets", as_json({"items": items, "next_cursor": None}))

    done = shell.run("dataset", "list")

    assert [line.split("\t")[:4] for line in done.stdout.splitlines()] == [
        ["faces", "faces@2", "faces.npz", "5"],
        ["faces", "", "", ""],
    ]
    assert shell.run("dataset", "list", "-n", "1", "-q").stdout == "faces\n"


def test_a_dataset_shows_its_versions_and_a_version_itself(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", FACES, as_json(dataset(version(2), version(1))))
    server.on("GET", f"{FACES}/versions/1", as_json(version(1)))

    assert shell.run("dataset", "get", "faces", "-q").stdout == "faces@2\nfaces@1\n"
    assert len(json.loads(shell.run("dataset", "get", "faces", "-o", "json").stdout)["versions"]) == 2
    assert shell.run("dataset", "get", "faces@1").stdout.startswith("ref\tfaces@1\n")


def test_a_version_shows_what_was_found_in_it(shell: Shell, server: ScriptedServer) -> None:
    profile = {"rows": 70_000, "labels": {"class_count": 10}, "problems": ["uneven", "copies"]}
    server.on("GET", f"{FACES}/versions/1", as_json(version(1, profile=profile)))

    fields = dict(line.split("\t", 1) for line in shell.run("dataset", "get", "faces@1").stdout.splitlines())

    assert (fields["rows"], fields["classes"], fields["problems"]) == ("70000", "10", "2")


def test_a_file_becomes_a_version(shell: Shell, server: ScriptedServer) -> None:
    (shell.folder / "faces.npz").write_bytes(b"bytes")
    server.on("PUT", FACES, as_json(version(1), 201))

    done = shell.run("dataset", "upload", "faces", "faces.npz", "--no-profile", "-q")

    assert (done.returncode, done.stdout, done.stderr) == (0, "faces@1\n", "")
    assert server.asked[-1].query == {"filename": ["faces.npz"], "profile": ["false"]}
    assert server.asked[-1].body == b"bytes"


def test_an_upload_from_a_terminal_leaves_it_as_it_was(shell: Shell, server: ScriptedServer) -> None:
    (shell.folder / "faces.npz").write_bytes(b"bytes")
    server.on("PUT", FACES, as_json(version(1), 201))

    with Terminal(shell, "dataset", "upload", "faces", "faces.npz") as terminal:
        code = terminal.end()

    assert code == 0
    assert terminal.seen.count("\x1b[?25l") == terminal.seen.count("\x1b[?25h")
    assert "faces@1" in terminal.seen


def test_a_file_that_is_not_there_is_said(shell: Shell, server: ScriptedServer) -> None:
    done = shell.run("dataset", "upload", "faces", "absent.npz")

    assert done.returncode == 2
    assert "absent.npz" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("→ ")
    assert server.asked == []


def test_a_version_is_downloaded_whole(shell: Shell, server: ScriptedServer) -> None:
    sha256 = hashlib.sha256(b"bytes").hexdigest()
    server.on("GET", f"{FACES}/versions/2", as_json(version(2, sha256=sha256)))
    server.on("GET", f"{FACES}/versions/2/content", Answer(200, b"bytes", {"ETag": f'"{sha256}"'}))

    done = shell.run("dataset", "download", "faces@2", "--to", "data/")

    assert done.stdout == "data/faces.npz\n"
    assert (shell.folder / "data" / "faces.npz").read_bytes() == b"bytes"


def test_a_delete_wants_a_yes(shell: Shell, server: ScriptedServer) -> None:
    server.on("DELETE", f"{FACES}/versions/1", Answer(204))
    server.on("DELETE", FACES, problem(409, "in_use", "Job x needs it."))

    assert shell.run("dataset", "delete", "faces@1").returncode == 2
    assert server.asked == []
    assert shell.run("dataset", "delete", "faces@1", "--yes").returncode == 0
    assert shell.run("dataset", "delete", "faces", "--yes").returncode == 1


def profiled(**changes: Any) -> dict[str, Any]:
    return version(1, profile_job=JOB_ID, **changes)


def test_a_profile_is_a_document_for_people_and_lines_for_a_pipe(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", f"{FACES}/versions/1", as_json(profiled(profile=PROFILE)))

    lines = shell.run("dataset", "profile", "faces@1").stdout
    document = shell.run("dataset", "profile", "faces@1", "-o", "yaml").stdout

    assert lines == "rows\t3\ncolumns[0].name\tx\ncolumns[0].nulls\t\n"
    assert yaml.safe_load(document) == PROFILE


def test_a_profile_that_is_not_there_yet_exits_as_its_job(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", f"{FACES}/versions/1", as_json(profiled()))
    server.on("GET", JOB_PATH, as_json(job("running")), as_json(job("failed", message="no rows")))

    waiting = shell.run("dataset", "profile", "faces@1")
    failed = shell.run("dataset", "profile", "faces@1")

    assert (waiting.returncode, waiting.stdout) == (101, "")
    assert "--wait" in waiting.stderr
    assert failed.returncode == 100
    assert "no rows" in failed.stderr


def test_a_profile_is_waited_for(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", f"{FACES}/versions/1", as_json(profiled()), as_json(profiled(profile=PROFILE)))
    server.on("GET", JOB_PATH, as_json(job("succeeded")))

    done = shell.run("dataset", "profile", "faces@1", "--wait", "-o", "json")

    assert json.loads(done.stdout) == PROFILE


def test_a_profile_that_nobody_asked_for_is_said(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", f"{FACES}/versions/1", as_json(version(1)))

    done = shell.run("dataset", "profile", "faces@1")

    assert done.returncode == 102
    assert "kind profile" in done.stderr


def test_the_first_rows_of_a_table_are_shown_under_their_names(shell: Shell, server: ScriptedServer) -> None:
    profile = {**PROFILE, "fields": [{"name": "age"}, {"name": "ill"}], "first_rows": [["41", "no"], ["7", ""]]}
    server.on("GET", f"{FACES}/versions/1", as_json(profiled(profile=profile)))

    assert shell.run("dataset", "preview", "faces@1").stdout.splitlines() == ["41\tno", "7\t"]
    records = json.loads(shell.run("dataset", "preview", "faces@1", "-o", "json").stdout)
    assert records == [{"age": "41", "ill": "no"}, {"age": "7", "ill": ""}]


def test_a_preview_of_what_is_no_table_says_so(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", f"{FACES}/versions/1", as_json(profiled(profile={**PROFILE, "format": "npz"})))
    done = shell.run("dataset", "preview", "faces@1")
    assert done.returncode != 0
    assert "faces@1 is no table: it is npz" in done.stderr


def test_a_prepared_version_shows_who_made_it_of_what_and_by_which_steps(shell: Shell, server: ScriptedServer) -> None:
    lineage = {
        "source": {"dataset": "faces@1", "sha256": "a" * 64},
        "preprocess": [{"step": "min_max"}, {"step": "pad"}],
    }
    server.on("GET", f"{FACES}/versions/2", as_json(version(2, made_by=JOB_ID, lineage=lineage)))

    fields = dict(line.split("\t", 1) for line in shell.run("dataset", "get", "faces@2").stdout.splitlines())

    assert (fields["made by"], fields["of"], fields["steps"]) == (JOB_ID, "faces@1", "min_max, pad")
