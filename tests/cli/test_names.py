"""Jobs by identifier, by its beginning, and by name."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell
from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import ScriptedServer, as_json

JOBS = "/api/v1/jobs"
OTHER = f"{JOB_ID[:-1]}2"
NONE = as_json({"items": [], "next_cursor": None})
ONE = as_json({"items": [job()], "next_cursor": None})
TWO = as_json({"items": [job(id=OTHER, name="bye"), job()], "next_cursor": None})


def test_a_full_identifier_is_taken_at_its_word(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOB_PATH, as_json(job()))

    assert shell.run("job", "get", JOB_ID, "-q").returncode == 0
    assert len(server.asked) == 1


@pytest.mark.parametrize("typed", [JOB_ID[:12], JOB_ID[4:12]])
def test_the_beginning_of_one_identifier_names_its_job(shell: Shell, server: ScriptedServer, typed: str) -> None:
    answers = [ONE] if typed.startswith("job_") else [NONE, ONE]  # first it might be a name
    server.on("GET", JOBS, *answers)
    server.on("GET", JOB_PATH, as_json(job()))

    assert shell.run("job", "get", typed, "-q").stdout == f"{JOB_ID}\n"
    assert server.asked[-2].query["id_prefix"] == [JOB_ID[:12]]


def test_an_ambiguous_beginning_lists_the_candidates(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, TWO)

    done = shell.run("job", "cancel", "job_00")

    assert (done.returncode, done.stdout) == (2, "")
    assert f"  {OTHER}  bye  running" in done.stderr
    assert f"  {JOB_ID}  hello  running" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("→ ")
    assert {asked.method for asked in server.asked} == {"GET"}


def test_a_name_goes_before_the_beginning_of_an_identifier(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, ONE)
    server.on("GET", JOB_PATH, as_json(job()))

    assert shell.run("job", "get", "00abc", "-q").stdout == f"{JOB_ID}\n"
    assert server.asked[0].query == {"name": ["00abc"], "limit": ["1"]}


def test_a_name_may_look_like_an_identifier(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, NONE, ONE)
    server.on("GET", JOB_PATH, as_json(job()))

    assert shell.run("job", "get", "job_00", "-q").stdout == f"{JOB_ID}\n"
    assert [sorted(asked.query) for asked in server.asked[:2]] == [["id_prefix", "limit"], ["limit", "name"]]


@pytest.mark.parametrize("typed", ["nothing-of-that-name", "Not A Name", "job_OO", "../x", ""])
def test_what_names_no_job_exits_102(shell: Shell, server: ScriptedServer, typed: str) -> None:
    server.on("GET", JOBS, NONE)

    done = shell.run("job", "get", typed)

    assert done.returncode == 102
    assert "→" in done.stderr
