"""Jobs side by side, and how their specs differ."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Shell
from tests.client.documents import JOB_ID, job
from tests.client.scripted import ScriptedServer, as_json
from trainshed.comparison import differences

OTHER = f"{JOB_ID[:-1]}2"


@pytest.fixture
def two(server: ScriptedServer) -> None:
    spec = {"kind": "train", "training": {"epochs": 1, "seed": 7}}
    changed = {"kind": "train", "training": {"epochs": 3, "seed": 7}}
    path = "/api/v1/jobs/"
    server.on("GET", path + JOB_ID, as_json(job("succeeded", spec=spec, latest_metrics={"loss": 0.5})))
    server.on("GET", path + OTHER, as_json(job("failed", id=OTHER, spec=changed, latest_metrics={"loss": 0.25})))


@pytest.mark.usefixtures("two")
def test_compare_gives_a_line_for_each_metric_and_each_field_that_differs(shell: Shell) -> None:
    lines = shell.run("job", "compare", JOB_ID, OTHER).stdout.splitlines()

    assert [line.split("\t") for line in lines] == [
        ["state", "succeeded", "failed"],
        ["ran_s", "", ""],
        ["metric loss", "0.5", "0.25"],
        ["training.epochs", "1", "3"],
    ]


@pytest.mark.usefixtures("two")
def test_diff_shows_the_fields_of_the_specs_alone(shell: Shell) -> None:
    assert shell.run("job", "diff", JOB_ID, OTHER).stdout == "training.epochs\t1\t3\n"
    found = json.loads(shell.run("job", "diff", JOB_ID, OTHER, "-o", "json").stdout)
    assert found == {"jobs": [JOB_ID, OTHER], "rows": {"training.epochs": [1, 3]}}


@pytest.mark.usefixtures("two")
def test_two_jobs_with_one_spec_are_said_to_be_the_same(shell: Shell) -> None:
    done = shell.run("job", "diff", JOB_ID, JOB_ID)

    assert (done.stdout, done.returncode) == ("", 0)
    assert "the same" in done.stderr


@pytest.mark.usefixtures("two")
def test_one_job_alone_is_a_usage_error(shell: Shell) -> None:
    assert shell.run("job", "compare", JOB_ID).returncode == 2


def test_a_field_that_one_spec_lacks_differs_and_an_empty_list_is_a_value() -> None:
    specs = [{"a": {"b": [1, 2]}, "c": []}, {"a": {"b": [1]}, "c": [], "d": None}]

    assert [(row.what, row.values) for row in differences(specs)] == [("a.b[1]", (2, None)), ("d", (None, None))]


def test_a_table_that_is_empty_in_one_spec_differs_by_its_entries_alone() -> None:
    specs = [{"env": {}}, {"env": {"MODE": "fast"}}]

    assert [(row.what, row.values) for row in differences(specs)] == [("env.MODE", (None, "fast"))]
