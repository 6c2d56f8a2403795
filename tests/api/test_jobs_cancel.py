"""POST /api/v1/jobs/{id}/cancel."""

from __future__ import annotations

from db.engine import Database
from tests.api.conftest import COMMAND, Api, assert_problem
from tests.factories import claim, end


def test_a_waiting_job_ends_at_once_and_takes_those_that_need_it_along(api: Api) -> None:
    job_id = api.submit()
    dependent = api.post("/jobs", json={**COMMAND, "depends_on": [job_id]}).json()["id"]
    answer = api.post(f"/jobs/{job_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert answer.json()["reason"] == "cancelled_by_user"
    assert api.get(f"/jobs/{dependent}").json()["reason"] == "dependency_failed"


def test_a_blocked_job_can_be_cancelled(api: Api) -> None:
    job_id = api.submit(depends_on=[api.submit()])
    assert api.post(f"/jobs/{job_id}/cancel").json()["state"] == "cancelled"


def test_a_running_job_is_asked_to_end_and_asking_again_does_no_harm(api: Api, database: Database) -> None:
    job_id = api.submit()
    with database.begin() as conn:
        claim(conn)
    for _ in range(2):
        answer = api.post(f"/jobs/{job_id}/cancel")
        assert answer.status_code == 202
        job = answer.json()
        assert (job["state"], job["request"], job["reason"]) == ("running", "cancel", "cancelling")
    types = [event["type"] for event in api.get(f"/jobs/{job_id}/events").json()["items"]]
    assert types == ["submit", "claim", "cancel_requested"]


def test_a_finished_job_stays_as_it_is(api: Api, database: Database) -> None:
    job_id = api.submit()
    with database.begin() as conn:
        end(conn, claim(conn))
    problem = assert_problem(api.post(f"/jobs/{job_id}/cancel"), 409, "job_already_finished")
    assert problem["facts"]["state"] == "succeeded"


def test_a_job_of_another_project_cannot_be_cancelled(api: Api) -> None:
    job_id = api.submit()
    assert_problem(api.post(f"/jobs/{job_id}/cancel", as_="other"), 404, "not_found")
    assert api.get(f"/jobs/{job_id}").json()["state"] == "queued"
