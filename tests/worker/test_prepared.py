"""What a worker makes of a preprocess job: a version with its lineage, once, with locks in the order of all others."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from db import blobs, datasets
from db.datasets import NewVersion, Pin
from db.engine import Database
from db.queries import datasets as queries
from db.reports import MadeFile
from db.requests import request_cancel
from db.transitions import Claim, Ending
from tests.factories import PROJECT, USER, claim, make_project, submit
from trainshed.ids import new_id
from trainshed.specs import PreprocessSpec, dump_spec, parse_spec
from trainshed.states import AttemptOutcome
from worker.prepared import PreparedVersion

RAW, MADE = "a" * 64, "b" * 64
DONE = Ending(AttemptOutcome.SUCCEEDED, "Completed.")


@pytest.fixture(autouse=True)
def source(database: Database) -> Pin:
    """The dataset patients@1, and the bytes that a job is going to leave."""
    with database.begin() as conn:
        make_project(conn)
        for sha256 in (RAW, MADE):
            blobs.touch(conn, sha256, 10)
        new = NewVersion(PROJECT, "patients", new_id("dat"), RAW, 10, "p.csv", "key_test")
        added = datasets.add_version(conn, new)
    return Pin(added.dataset_id, added.version, "data.dataset")


def spec_of(output: str = "ready", **step: Any) -> PreprocessSpec:
    document = {
        "kind": "preprocess",
        "data": {"dataset": "patients@1"},
        "preprocess": [{"step": "one_hot", **step}],
        "output": {"dataset": output},
    }
    spec = parse_spec(document)
    assert isinstance(spec, PreprocessSpec)
    return spec


def started(database: Database, pin: Pin, spec: PreprocessSpec) -> tuple[PreparedVersion, Claim]:
    with database.begin() as conn:
        job_id = submit(conn, kind="preprocess", spec=dump_spec(spec))
        datasets.note_use(conn, job_id, (pin,))
        won = claim(conn)
    return PreparedVersion(spec, won.lease, PROJECT, database), won


def made(database: Database, pin: Pin, output: Path, spec: PreprocessSpec) -> str:
    """Run a job to its end, and return its identifier."""
    prepared, won = started(database, pin, spec)
    assert prepared.find() is None
    (output / "profile.json").write_text(json.dumps({"rows": 3}))
    ending = prepared.take(DONE, [MadeFile("prepared.csv", MADE, 10, "text/csv")], output)
    with database.begin() as conn:
        assert prepared.fence(conn) is not None
        assert prepared.write(conn, ending).message == f"Made {spec.output.dataset}@1."
    return won.lease.job_id


def test_a_version_says_who_made_it_of_what_and_by_which_steps(database: Database, source: Pin, tmp_path: Path) -> None:
    spec = spec_of()
    job_id = made(database, source, tmp_path, spec)
    with database.read() as conn:
        row = queries.get_version(conn, PROJECT, "ready", 1)
    assert row is not None
    assert (row.made_by, row.profile_job_id, row.sha256, row.created_by) == (job_id, job_id, MADE, "key_test")
    assert row.lineage["source"] == {"dataset": "patients@1", "sha256": RAW}
    assert row.lineage["preprocess"] == [{"step": "one_hot"}]
    assert row.lineage["steps_sha256"] == spec.steps_sha256
    assert row.profile == {"rows": 3}


def test_the_same_steps_over_the_same_data_are_not_run_again(database: Database, source: Pin, tmp_path: Path) -> None:
    job_id = made(database, source, tmp_path, spec_of())
    again, _ = started(database, source, spec_of())
    found = again.find()
    assert found is not None
    assert found.message == f"Found: {job_id} made ready@1 of the same data by the same steps."
    with database.begin() as conn:
        assert again.write(conn, again.take(found, [], tmp_path)).message == found.message
        assert queries.list_numbers(conn, source.dataset_id, limit=9) == [1]
    other, _ = started(database, source, spec_of(most=3))
    assert other.find() is None


def test_another_dataset_gets_the_same_bytes(database: Database, source: Pin, tmp_path: Path) -> None:
    made(database, source, tmp_path, spec_of())
    copy, _ = started(database, source, spec_of("other"))
    found = copy.find()
    assert found is not None
    with database.begin() as conn:
        assert copy.write(conn, copy.take(found, [], tmp_path)).message.endswith("Made other@1.")
        row = queries.get_version(conn, PROJECT, "other", 1)
    assert row is not None
    assert (row.sha256, row.profile) == (MADE, {"rows": 3})


def test_a_job_of_another_project_finds_nothing(database: Database, source: Pin, tmp_path: Path) -> None:
    made(database, source, tmp_path, spec_of())
    _, won = started(database, source, spec_of())
    assert PreparedVersion(spec_of(), won.lease, "prj_other", database).find() is None


@pytest.mark.parametrize(
    "files",
    [
        [],
        [MadeFile("prepared.csv", MADE, 0, "text/csv")],
        [MadeFile("sub/prepared.csv", MADE, 10, "text/csv")],
        [MadeFile("prepared.csv", MADE, 10, "text/csv"), MadeFile("prepared.npz", RAW, 10, "x")],
    ],
    ids=["nothing", "nothing in it", "elsewhere", "two"],
)
def test_a_child_that_leaves_no_prepared_data_has_not_succeeded(
    database: Database, source: Pin, tmp_path: Path, files: list[MadeFile]
) -> None:
    prepared, _ = started(database, source, spec_of())
    ending = prepared.take(DONE, files, tmp_path)
    assert (ending.outcome, ending.message[:24]) == (AttemptOutcome.CRASHED, "The job ended well, and ")
    with database.begin() as conn:
        assert prepared.write(conn, ending) == ending
        assert queries.get_dataset(conn, PROJECT, "ready") is None


def test_a_superseded_attempt_may_not_write(database: Database, source: Pin) -> None:
    prepared, won = started(database, source, spec_of())
    lost = PreparedVersion(spec_of(), type(won.lease)(won.lease.job_id, 7, won.lease.owner), PROJECT, database)
    with database.begin() as conn:
        assert lost.fence(conn) is None
        assert prepared.fence(conn) is not None


def test_whoever_holds_the_dataset_gets_the_job_too(database: Database, source: Pin, tmp_path: Path) -> None:
    """As who deletes a dataset does, whose jobs he cancels. In another order the two would wait for each other."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    made(database, source, tmp_path, spec_of())
    prepared, won = started(database, source, spec_of(most=2))
    fenced: list[object] = []

    def conclude() -> None:
        with database.begin() as conn:
            fenced.append(prepared.fence(conn))

    thread = threading.Thread(target=conclude)
    with database.begin() as conn:
        assert datasets.hold(conn, PROJECT, "ready") is not None
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        request_cancel(conn, won.lease.job_id, USER)
    thread.join(30)
    assert fenced
    assert fenced[0] is not None
