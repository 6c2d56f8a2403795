"""POST /api/v1/jobs/{id}/pause and /resume."""

from __future__ import annotations

from db.engine import Database
from db.transitions import Claim
from tests.api.conftest import Api, assert_problem
from tests.factories import claim, end
from trainshed.states import AttemptOutcome


def running(api: Api, database: Database) -> tuple[str, Claim]:
    job_id = api.submit()
    with database.begin() as conn:
        return job_id, claim(conn)


def event_types(api: Api, job_id: str) -> list[str]:
    return [event["type"] for event in api.get(f"/jobs/{job_id}/events").json()["items"]]


def test_a_running_job_is_asked_to_pause_and_goes_on_when_it_is_resumed(api: Api, database: Database) -> None:
    job_id, won = running(api, database)
    for _ in range(2):
        answer = api.post(f"/jobs/{job_id}/pause")
        assert answer.status_code == 202
        job = answer.json()
        assert (job["state"], job["request"], job["reason"]) == ("running", "pause", "pausing")
    with database.begin() as conn:
        end(conn, won, AttemptOutcome.PAUSED)
    paused = api.get(f"/jobs/{job_id}").json()
    assert (paused["state"], paused["reason"], paused["request"]) == ("paused", "paused", None)
    assert paused["attempts"][0]["charged"] is False
    for _ in range(2):
        resumed = api.post(f"/jobs/{job_id}/resume")
        assert (resumed.status_code, resumed.json()["state"]) == (200, "queued")
    assert event_types(api, job_id) == ["submit", "claim", "pause_requested", "pause", "resume"]


def test_a_job_that_is_still_being_paused_cannot_be_resumed(api: Api, database: Database) -> None:
    job_id, _ = running(api, database)
    api.post(f"/jobs/{job_id}/pause")
    assert_problem(api.post(f"/jobs/{job_id}/resume"), 409, "conflict")


def test_a_running_job_that_nobody_paused_stays_as_it_is(api: Api, database: Database) -> None:
    job_id, _ = running(api, database)
    assert api.post(f"/jobs/{job_id}/resume").json()["state"] == "running"


def test_a_waiting_job_is_held_and_released(api: Api) -> None:
    job_id = api.submit()
    assert api.post(f"/jobs/{job_id}/pause").json()["held"] is True
    assert api.post(f"/jobs/{job_id}/resume").json()["state"] == "queued"


def test_a_cancel_outweighs_a_pause_and_a_pause_no_cancel(api: Api, database: Database) -> None:
    job_id, _ = running(api, database)
    api.post(f"/jobs/{job_id}/pause")
    assert api.post(f"/jobs/{job_id}/cancel").json()["request"] == "cancel"
    assert api.post(f"/jobs/{job_id}/pause").json()["request"] == "cancel"


def test_a_paused_job_can_be_cancelled(api: Api, database: Database) -> None:
    job_id, won = running(api, database)
    with database.begin() as conn:
        end(conn, won, AttemptOutcome.PAUSED)
    assert api.post(f"/jobs/{job_id}/cancel").json()["state"] == "cancelled"


def test_a_finished_job_can_be_neither_paused_nor_resumed(api: Api, database: Database) -> None:
    job_id, won = running(api, database)
    with database.begin() as conn:
        end(conn, won)
    for verb in ("pause", "resume"):
        assert_problem(api.post(f"/jobs/{job_id}/{verb}"), 409, "job_already_finished")


def test_a_job_that_is_not_there_cannot_be_paused(api: Api) -> None:
    assert_problem(api.post(f"/jobs/job_{'0' * 26}/pause"), 404, "not_found")
