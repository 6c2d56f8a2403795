"""POST /api/v1/jobs/batch, and dry runs."""

from __future__ import annotations

import threading
from typing import Any

import httpx2
import pytest
import yaml

from db.engine import Database
from tests.api.conftest import COMMAND, Api, assert_problem
from tests.api.test_jobs_create import register


def batch(api: Api, *specs: Any, **headers: str) -> httpx2.Response:
    return api.post("/jobs/batch", json={"jobs": list(specs)}, headers=headers)


def names(api: Api) -> list[str]:
    return [job["name"] for job in api.get("/jobs?sort=created&limit=500").json()["items"]]


def test_a_batch_makes_all_its_jobs_in_order(api: Api) -> None:
    answer = batch(api, *({**COMMAND, "name": f"job-{number}"} for number in range(100)))
    assert answer.status_code == 202
    items = answer.json()["items"]
    assert [item["name"] for item in items] == [f"job-{number}" for number in range(100)] == names(api)
    job = api.get(f"/jobs/{items[42]['id']}").json()
    assert (job["name"], job["state"], job["queue_position"]) == ("job-42", "queued", 43)
    assert [event["type"] for event in api.get(f"/jobs/{job['id']}/events").json()["items"]] == ["submit"]


def test_one_wrong_spec_keeps_all_from_being_made_and_every_error_has_its_place(api: Api) -> None:
    train = {"kind": "train", "name": "t", "training": {"epochs": 0}}
    answer = batch(api, COMMAND, {**COMMAND, "priority": "x"}, train)
    problem = assert_problem(answer, 422, "spec_invalid")
    paths = {error["path"] for error in problem["errors"]}
    assert {"jobs[1].priority", "jobs[2].training.epochs"} <= paths
    assert names(api) == []


def test_jobs_may_depend_on_others_and_a_wrong_one_is_named(api: Api) -> None:
    parent = api.submit()
    good, bad = {**COMMAND, "depends_on": [parent]}, {**COMMAND, "depends_on": ["job_" + "0" * 26]}
    assert batch(api, good, COMMAND).json()["items"][0]["state"] == "blocked"
    problem = assert_problem(batch(api, COMMAND, bad), 422, "spec_invalid")
    assert problem["errors"][0]["path"] == "jobs[1].depends_on[0]"
    assert len(names(api)) == 3


def test_a_job_too_large_for_its_pool_refuses_the_batch(api: Api, database: Database) -> None:
    register(database, cpus=2.0)
    problem = assert_problem(batch(api, COMMAND, {**COMMAND, "resources": {"cpus": 64}}), 422, "nothing_fits")
    assert problem["facts"]["job"] == 1
    assert names(api) == []


@pytest.mark.parametrize(
    "body", [{}, [], {"jobs": []}, {"jobs": {}}, {"jobs": [COMMAND], "more": 1}, {"jobs": [COMMAND] * 1001}]
)
def test_what_is_no_batch_is_refused(api: Api, body: Any) -> None:
    assert_problem(api.post("/jobs/batch", json=body), 422, "request_invalid")


def test_a_batch_may_be_yaml(api: Api) -> None:
    content = yaml.safe_dump({"jobs": [{**COMMAND}, {**COMMAND, "command": ["true"]}]})
    answer = api.post("/jobs/batch", content=content, headers={"Content-Type": "application/yaml"})
    assert len(answer.json()["items"]) == 2


def test_one_key_stands_for_the_whole_batch(api: Api) -> None:
    first, again = (batch(api, COMMAND, COMMAND, **{"Idempotency-Key": "b1"}) for _ in range(2))
    assert (first.content, again.headers["idempotency-replayed"]) == (again.content, "true")
    assert len(names(api)) == 2
    assert_problem(batch(api, COMMAND, **{"Idempotency-Key": "b1"}), 422, "idempotency_mismatch")
    single = api.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "b1"})
    assert_problem(single, 422, "idempotency_mismatch")


def test_equal_batches_at_once_make_one(api: Api) -> None:
    answers: list[httpx2.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(batch(api, COMMAND, COMMAND, **{"Idempotency-Key": "b2"})))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.content for answer in answers} == {answers[0].content}
    assert {answer.status_code for answer in answers} == {202}
    assert len(names(api)) == 2


def test_a_dry_run_checks_everything_and_stores_nothing(api: Api) -> None:
    job = api.post("/jobs?dry_run=true", json=COMMAND, headers={"Idempotency-Key": "dry"})
    assert (job.status_code, job.json()["id"], job.json()["state"]) == (200, "", "queued")
    assert job.json()["spec"]["timeout"]["grace"] == 10
    many = api.post("/jobs/batch?dry_run=true", json={"jobs": [COMMAND, COMMAND]})
    assert (many.status_code, len(many.json()["items"])) == (200, 2)
    wrong = {**COMMAND, "depends_on": ["job_" + "0" * 26]}
    assert_problem(api.post("/jobs?dry_run=true", json=wrong), 422, "spec_invalid")
    assert_problem(api.post("/jobs/batch?dry_run=1", json={"jobs": [wrong]}), 422, "spec_invalid")
    assert names(api) == []
    assert api.post("/jobs", json={**COMMAND, "name": "other"}, headers={"Idempotency-Key": "dry"}).status_code == 202
