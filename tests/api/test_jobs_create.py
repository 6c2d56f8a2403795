"""POST /api/v1/jobs: what is accepted is durable, what is wrong is explained, and a repeat makes nothing new."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from db import workers
from db.engine import Database
from db.workers import WorkerFacts
from tests.api.conftest import COMMAND, OTHER_PROJECT, Api, assert_problem
from tests.factories import claim, end, submit
from trainshed.ids import new_id
from trainshed.states import AttemptOutcome

TRAIN: dict[str, Any] = {
    "kind": "train",
    "name": "digits",
    "data": {"dataset": "builtin/digits"},
    "model": {"family": "image_classifier"},
}


def count(database: Database, table: str) -> int:
    with database.read() as conn:
        found: int = conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        return found


def evaluate(job_id: str, **more: Any) -> dict[str, Any]:
    return {"kind": "evaluate", "name": "test", "model": {"job": job_id}, **more}


def test_a_job_is_accepted_with_its_address_and_its_spec_in_full(api: Api) -> None:
    answer = api.post("/jobs", json={**COMMAND, "labels": {"team": "vision"}, "priority": 3})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["state"], job["priority"], job["labels"], job["project"]) == (
        "queued",
        3,
        {"team": "vision"},
        "prj_test",
    )
    assert job["spec"]["timeout"]["grace"] == 10
    # The answer does not count who is ahead: that would cost each submit a query.
    assert api.get(f"/jobs/{job['id']}").json() == {**job, "queue_position": 1}


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("media_type", ["application/yaml", "application/x-yaml", "text/yaml; charset=utf-8"])
def test_yaml_is_as_good_as_json(api: Api, media_type: str) -> None:
    content = b"kind: command\nname: hello\ncommand: [echo, hello]\n"
    answer = api.post("/jobs", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == 202, answer.text


def test_the_key_that_submitted_it_is_the_cause_of_the_first_event(api: Api) -> None:
    event = api.get(f"/jobs/{api.submit()}/events").json()["items"][0]
    assert event["actor"] == "user"
    assert event["cause"] == "key_" + api.keys["operator"].split("_")[1]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"{}", "text/plain", 415, "media_type_unsupported"),
        (b"{}", "", 415, "media_type_unsupported"),
        (b"- a\n" * 40_000, "application/yaml", 413, "body_too_large"),
        (b"kind: [", "application/yaml", 400, "body_malformed"),
        (b"a: &x 1\nb: *x", "application/yaml", 400, "body_malformed"),
        (b"kind: train\nkind: train", "application/yaml", 400, "body_malformed"),
        (b"{", "application/json", 400, "body_malformed"),
        (b"", "application/json", 400, "body_malformed"),
        (b"\xff\xfe\xff", "application/json", 400, "body_malformed"),
        (b"name: \xff", "application/yaml", 400, "body_malformed"),
        (b"[" * 100_000, "application/json", 400, "body_malformed"),
        (b"[" * 5_000, "application/yaml", 400, "body_malformed"),
        (b'{"kind": "command", "priority": ' + b"9" * 5_000 + b"}", "application/json", 400, "body_malformed"),
        (b"[]", "application/json", 422, "spec_invalid"),
        (b'"text"', "application/json", 422, "spec_invalid"),
        (b"null", "application/json", 422, "spec_invalid"),
        (b"", "application/yaml", 422, "spec_invalid"),
        (b'{"kind": "comand"}', "application/json", 422, "spec_invalid"),
        (b'{"kind": "command", "name": "a", "command": "x", "priority": NaN}', "application/json", 422, "spec_invalid"),
        (b'{"kind": "command", "name": "a", "command": "x", "priority": 1e999}', "application/json", 422, None),
        (b'{"kind": "command", "name": "\\ud800", "command": "x"}', "application/json", 422, "spec_invalid"),
        (b'{"kind": "command", "name": "a", "command": "\\u0000"}', "application/json", 422, "spec_invalid"),
        (b'{"kind": "command", "name": "a", "command": "\\ud800"}', "application/json", 422, "spec_invalid"),
        (b"kind: command\npriority: 0x" + b"f" * 9_000, "application/yaml", 422, "spec_invalid"),
    ],
)
def test_a_body_that_is_no_spec_is_refused_with_the_reason(
    api: Api, database: Database, content: bytes, media_type: str, status: int, code: str | None
) -> None:
    answer = api.post("/jobs", content=content, headers={"Content-Type": media_type})
    assert_problem(answer, status, code or "spec_invalid")
    assert count(database, "job") == 0


def test_all_errors_of_a_spec_are_named_with_their_paths(api: Api) -> None:
    answer = api.post(
        "/jobs", json={**TRAIN, "model": {"family": "image_clasifier"}, "training": {"epochs": 0}, "prority": 1}
    )
    problem = assert_problem(answer, 422, "spec_invalid")
    errors = {error["path"]: error for error in problem["errors"]}
    assert set(errors) == {"model.family", "training.epochs", "prority"}
    assert errors["model.family"]["suggestion"] == "image_classifier"
    assert errors["prority"]["suggestion"] == "priority"


# --- idempotency ---


def test_a_repeat_with_the_same_key_and_body_gets_the_same_bytes_and_makes_no_second_job(
    api: Api, database: Database
) -> None:
    first = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"})
    with database.begin() as conn:
        claim(conn)  # the job moves on; the answer does not
    again = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert count(database, "job") == 1


def test_the_same_key_with_another_body_is_refused(api: Api, database: Database) -> None:
    first = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"})
    answer = api.post("/jobs", json={**COMMAND, "name": "other"}, headers={"Idempotency-Key": "abc"})
    assert assert_problem(answer, 422, "idempotency_mismatch")["facts"] == {"job_id": first.json()["id"]}
    assert count(database, "job") == 1


def test_a_key_belongs_to_its_project(api: Api) -> None:
    mine = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"}).json()
    theirs = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"}, as_="other").json()
    assert mine["id"] != theirs["id"]


def test_a_request_that_failed_leaves_its_key_free(api: Api) -> None:
    bad = evaluate(new_id("job"))
    assert api.post("/jobs", json=bad, headers={"Idempotency-Key": "abc"}).status_code == 422
    assert api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"}).status_code == 202


def test_a_key_is_forgotten_after_a_day(api: Api, database: Database) -> None:
    first = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"}).json()
    with database.begin() as conn:
        conn.execute(text("UPDATE idempotency_key SET created_at = created_at - 86401"))
    second = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"}).json()
    assert first["id"] != second["id"]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\x7f"])
def test_a_key_that_is_no_key_is_refused(api: Api, key: str) -> None:
    answer = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": key})
    assert_problem(answer, 422, "request_invalid")


# --- durability ---

FAILING_COMMIT = {
    "sqlite": [
        "CREATE TABLE there (id INTEGER PRIMARY KEY)",
        "CREATE TABLE trap (id INTEGER REFERENCES there (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER spring AFTER INSERT ON job BEGIN INSERT INTO trap VALUES (1); END",
    ],
    "postgresql": [
        "CREATE FUNCTION spring() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''sprung''; END'",
        """CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON job DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION spring()""",
    ],
}


def test_a_commit_that_fails_is_answered_5xx_and_leaves_no_job(api: Api, database: Database) -> None:
    with database.begin() as conn:
        for statement in FAILING_COMMIT[database.dialect]:
            conn.exec_driver_sql(statement)
    answer = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "abc"})
    problem = assert_problem(answer, 500, "internal")
    assert "sprung" not in answer.text
    assert "FOREIGN" not in answer.text
    assert problem["errors"] == []
    assert (count(database, "job"), count(database, "event"), count(database, "idempotency_key")) == (0, 0, 0)


# --- dependencies ---


def test_a_job_waits_for_what_it_needs_and_is_queued_when_that_has_succeeded_before(
    api: Api, database: Database
) -> None:
    needed = api.submit()
    waiting = api.post("/jobs", json={**COMMAND, "depends_on": [needed]}).json()
    assert (waiting["state"], waiting["reason"], waiting["depends_on"]) == (
        "blocked",
        "waiting_for_dependency",
        [needed],
    )
    with database.begin() as conn:
        end(conn, claim(conn))
    assert api.get(f"/jobs/{waiting['id']}").json()["state"] == "queued"
    assert api.post("/jobs", json={**COMMAND, "depends_on": [needed]}).json()["state"] == "queued"


def test_a_job_that_could_never_start_is_refused_with_the_field(api: Api, database: Database) -> None:
    unknown = new_id("job")
    with database.begin() as conn:
        foreign = submit(conn, project_id=OTHER_PROJECT)
    api.post(f"/jobs/{foreign}/cancel", as_="other")
    failed, command = api.submit(), api.submit()
    with database.begin() as conn:
        end(conn, claim(conn), AttemptOutcome.USER_ERROR)
    answer = api.post("/jobs", json={**COMMAND, "depends_on": [command, unknown, foreign, failed]})
    errors = {error["path"]: error["message"] for error in assert_problem(answer, 422, "spec_invalid")["errors"]}
    assert set(errors) == {"depends_on[1]", "depends_on[2]", "depends_on[3]"}
    # A job of another project looks exactly like one that never was.
    assert errors["depends_on[2]"].replace(foreign, unknown) == errors["depends_on[1]"]
    assert "failed" in errors["depends_on[3]"]


def test_an_evaluation_needs_a_train_job(api: Api) -> None:
    command = api.submit()
    train = api.post("/jobs", json=TRAIN).json()["id"]
    for job_id, words in [(command, "kind command"), (new_id("job"), "no job")]:
        answer = api.post("/jobs", json=evaluate(job_id))
        error = assert_problem(answer, 422, "spec_invalid")["errors"][0]
        assert error["path"] == "model.job"
        assert words in error["message"]
    assert api.post("/jobs", json=evaluate(train)).json()["state"] == "blocked"


# --- room ---


def register(database: Database, **changes: Any) -> None:
    facts = {
        "id": new_id("wrk"),
        "name": "w",
        "host": "h",
        "pid": 1,
        "pool": "cpu",
        "slots": 1,
        "cpus": 4.0,
        "memory_bytes": 2**33,
        "gpus": 0,
        "sandbox": "none",
        "runs_commands": True,
        "versions": {},
    }
    with database.begin() as conn:
        workers.register(conn, WorkerFacts(**{**facts, **changes}))


@pytest.mark.parametrize(
    "resources", [{"cpus": 5}, {"memory": "9GiB"}, {"gpus": 1}, {"cpus": 3, "memory": "1GiB", "gpus": 1}]
)
def test_a_job_that_no_worker_of_its_pool_is_large_enough_for_is_refused_with_what_there_is(
    api: Api, database: Database, resources: dict[str, Any]
) -> None:
    register(database)
    register(database, cpus=2.0)
    answer = api.post("/jobs", json={**COMMAND, "resources": resources})
    problem = assert_problem(answer, 422, "nothing_fits")
    assert problem["facts"] == {"pool": "cpu", "largest": {"cpus": 4.0, "memory_bytes": 2**33, "gpus": 0}}
    assert "4 cpus, 8 GiB" in problem["detail"]


def test_a_job_must_fit_into_one_worker_and_not_into_the_best_of_several(api: Api, database: Database) -> None:
    register(database, cpus=8.0, memory_bytes=2**30)
    register(database, cpus=1.0, memory_bytes=2**34)
    resources = {"cpus": 8, "memory": "16GiB"}
    assert_problem(api.post("/jobs", json={**COMMAND, "resources": resources}), 422, "nothing_fits")


def test_a_command_is_refused_where_no_worker_runs_commands(api: Api, database: Database) -> None:
    register(database, runs_commands=False)
    assert "runs command jobs" in assert_problem(api.post("/jobs", json=COMMAND), 422, "nothing_fits")["detail"]
    assert api.post("/jobs", json=TRAIN).status_code == 202


@pytest.mark.parametrize("pool", ["cpu", "elastic"])
def test_a_job_waits_where_workers_may_still_come(api: Api, database: Database, pool: str) -> None:
    register(database, pool="elastic")
    register(database, pool="cpu")
    with database.begin() as conn:
        conn.execute(text("UPDATE worker SET last_seen_at = last_seen_at - 61 WHERE pool = 'cpu'"))
    assert api.submit(resources={"cpus": 64, "pool": pool})
