"""POST /api/v1/jobs/{id}/retry and clone."""

from __future__ import annotations

from typing import Any

import pytest

from db.engine import Database
from tests.api.conftest import Api, assert_problem
from tests.factories import claim, end
from trainshed.states import AttemptOutcome


@pytest.fixture
def failed(api: Api, database: Database) -> str:
    job_id = api.submit(labels={"team": "vision"}, priority=4)
    with database.begin() as conn:
        end(conn, claim(conn), AttemptOutcome.USER_ERROR)
    return job_id


def test_a_retry_is_a_new_job_of_the_same_spec(api: Api, failed: str) -> None:
    answer = api.post(f"/jobs/{failed}/retry")
    job, old = answer.json(), api.get(f"/jobs/{failed}").json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/api/v1/jobs/{job['id']}")
    assert (job["retry_of"], job["spec"], job["state"], job["attempt"]) == (failed, old["spec"], "queued", 0)
    assert (old["state"], old["attempt"]) == ("failed", 1)


def test_a_job_that_has_not_finished_is_not_retried(api: Api) -> None:
    job_id = api.submit()
    problem = assert_problem(api.post(f"/jobs/{job_id}/retry"), 409, "job_not_finished")
    assert problem["facts"] == {"job_id": job_id, "state": "queued"}


def test_a_clone_has_the_spec_with_the_patch_put_in(api: Api, failed: str) -> None:
    patch = {"name": "again", "priority": None, "labels": {"team": None, "try": "2"}}
    job = api.post(f"/jobs/{failed}/clone", json=patch).json()
    assert (job["name"], job["priority"], job["labels"], job["retry_of"]) == ("again", 0, {"try": "2"}, None)
    assert api.post(f"/jobs/{failed}/clone").json()["spec"] == api.get(f"/jobs/{failed}").json()["spec"]


@pytest.mark.parametrize(
    ("patch", "status", "code"),
    [
        (b'{"priority": "high"}', 422, "spec_invalid"),
        (b"[1]", 422, "spec_invalid"),
        (b"null", 422, "spec_invalid"),
        (b"{", 400, "body_malformed"),
        (b"\xff", 400, "body_malformed"),
    ],
)
def test_a_patch_that_makes_no_spec_is_refused(api: Api, failed: str, patch: bytes, status: int, code: str) -> None:
    assert_problem(api.post(f"/jobs/{failed}/clone", content=patch), status, code)
    assert len(api.get("/jobs").json()["items"]) == 1


@pytest.mark.parametrize(("verb", "body"), [("retry", None), ("clone", {"name": "again"})])
def test_the_same_key_makes_one_job(api: Api, failed: str, verb: str, body: Any) -> None:
    first, second = (
        api.post(f"/jobs/{failed}/{verb}", json=body, headers={"Idempotency-Key": "once"}) for _ in range(2)
    )
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    other = api.submit()
    answer = api.post(f"/jobs/{other}/clone", json=body, headers={"Idempotency-Key": "once"})
    assert_problem(answer, 422, "idempotency_mismatch")


def test_both_are_not_found_in_another_project(api: Api, failed: str) -> None:
    for verb in ("retry", "clone"):
        assert_problem(api.post(f"/jobs/{failed}/{verb}", as_="other"), 404, "not_found")
