"""PATCH and DELETE /api/v1/jobs/{id}, hold and release."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from db.engine import Database
from tests.api.conftest import COMMAND, Api, assert_problem
from tests.factories import claim, end


def patch(api: Api, job_id: str, body: Any, **headers: str) -> httpx2.Response:
    return api.request("PATCH", f"/jobs/{job_id}", json=body, headers=headers)


def run(database: Database) -> None:
    with database.begin() as conn:
        claim(conn)


def finish(database: Database) -> None:
    with database.begin() as conn:
        end(conn, claim(conn))


def event_types(api: Api, job_id: str) -> list[str]:
    return [event["type"] for event in api.get(f"/jobs/{job_id}/events").json()["items"]]


def test_labels_are_merged_and_null_removes_one(api: Api) -> None:
    job_id = api.submit(labels={"team": "vision", "old": "1"})
    job = patch(api, job_id, {"labels": {"old": None, "new": "2"}}).json()
    assert job["labels"] == {"team": "vision", "new": "2"}
    assert job["spec"]["labels"] == {"team": "vision", "old": "1"}  # the spec stays as it was submitted
    assert event_types(api, job_id) == ["submit", "relabel"]
    assert [each["id"] for each in api.get("/jobs?label=new=2").json()["items"]] == [job_id]


def test_a_higher_priority_lets_a_job_go_first(api: Api, database: Database) -> None:
    first, second = api.submit(), api.submit()
    assert api.get(f"/jobs/{second}").json()["queue_position"] == 2
    assert patch(api, second, {"priority": 10}).json()["queue_position"] == 1
    with database.begin() as conn:
        assert claim(conn).lease.job_id == second
    assert api.get(f"/jobs/{first}").json()["queue_position"] == 1
    assert api.get(f"/jobs/{second}").json()["queue_position"] is None


def test_if_match_lets_nobody_overwrite_what_he_has_not_seen(api: Api) -> None:
    job_id = api.submit()
    etag = api.get(f"/jobs/{job_id}").headers["etag"]
    changed = patch(api, job_id, {"priority": 1}, **{"If-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] == api.get(f"/jobs/{job_id}").headers["etag"] != etag
    problem = assert_problem(patch(api, job_id, {"priority": 2}, **{"If-Match": etag}), 412, "precondition_failed")
    assert problem["facts"]["etag"] == changed.headers["etag"]
    assert api.get(f"/jobs/{job_id}").json()["priority"] == 1
    assert patch(api, job_id, {"priority": 3}, **{"If-Match": "*"}).status_code == 200


def test_a_held_job_waits_until_it_is_released(api: Api, database: Database) -> None:
    job_id = api.submit()
    for _ in range(2):
        held = api.post(f"/jobs/{job_id}/hold")
        assert held.status_code == 200
        assert (held.json()["state"], held.json()["reason"], held.json()["held"]) == ("blocked", "held", True)
    for _ in range(2):
        released = api.post(f"/jobs/{job_id}/release").json()
        assert (released["state"], released["reason"], released["held"]) == ("queued", "waiting_for_capacity", False)
    assert event_types(api, job_id) == ["submit", "hold", "unhold", "unblock"]
    assert patch(api, job_id, {"hold": True}).json()["held"] is True
    assert api.post(f"/jobs/{job_id}/cancel").json()["state"] == "cancelled"


def test_a_running_job_has_labels_but_no_place_in_the_queue(api: Api, database: Database) -> None:
    job_id = api.submit()
    run(database)
    assert patch(api, job_id, {"labels": {"a": "b"}}).status_code == 200
    for body in ({"priority": 1}, {"hold": True}):
        problem = assert_problem(patch(api, job_id, body), 409, "conflict")
        assert problem["facts"] == {"job_id": job_id, "state": "running"}


def test_a_change_is_made_whole_or_not_at_all(api: Api, database: Database) -> None:
    job_id = api.submit()
    run(database)
    assert patch(api, job_id, {"labels": {"a": "b"}, "priority": 1}).status_code == 409
    assert api.get(f"/jobs/{job_id}").json()["labels"] == {}


def test_a_finished_job_can_still_be_labelled_and_not_held(api: Api, database: Database) -> None:
    job_id = api.submit()
    finish(database)
    assert patch(api, job_id, {"labels": {"best": "yes"}}).json()["labels"] == {"best": "yes"}
    assert_problem(api.post(f"/jobs/{job_id}/hold"), 409, "job_already_finished")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"labels": {"Bad Key": "x"}}, "labels"),
        ({"labels": {"a": 1}}, "labels.a"),
        ({"priority": 5000}, "priority"),
        ({"priority": "1"}, "priority"),
        ({"hold": "yes"}, "hold"),
        ({"state": "queued"}, "state"),
        ([], ""),
    ],
)
def test_a_wrong_change_is_refused_with_its_place(api: Api, body: Any, path: str) -> None:
    problem = assert_problem(patch(api, api.submit(), body), 422, "request_invalid")
    assert any(error["path"].startswith(path) for error in problem["errors"])


def test_there_is_a_limit_to_labels(api: Api) -> None:
    job_id = api.submit(labels={f"a{number}": "x" for number in range(60)})
    body = {"labels": {f"b{number}": "x" for number in range(5)}}
    assert_problem(patch(api, job_id, body), 422, "request_invalid")


def test_a_deleted_job_is_gone_with_all_it_left(api: Api, database: Database) -> None:
    job_id = api.submit()
    assert_problem(api.request("DELETE", f"/jobs/{job_id}"), 409, "job_not_finished")
    finish(database)
    assert api.request("DELETE", f"/jobs/{job_id}").status_code == 204
    for path in ("", "/logs", "/events", "/metrics", "/artifacts"):
        assert_problem(api.get(f"/jobs/{job_id}{path}"), 404, "not_found")
    assert api.get("/jobs").json()["items"] == []
    assert_problem(api.request("DELETE", f"/jobs/{job_id}"), 404, "not_found")


def test_a_job_that_an_unfinished_one_needs_is_not_deleted(api: Api, database: Database) -> None:
    job_id = api.submit()
    finish(database)
    dependent = api.post("/jobs", json={**COMMAND, "depends_on": [job_id]}).json()["id"]
    problem = assert_problem(api.request("DELETE", f"/jobs/{job_id}"), 409, "in_use")
    assert problem["facts"]["needed_by"] == [dependent]
    finish(database)
    assert api.request("DELETE", f"/jobs/{job_id}").status_code == 204
    assert api.get(f"/jobs/{dependent}").json()["depends_on"] == []
