"""GET /api/v1/jobs/{id}: the job in full, at once or as soon as it has changed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from db import reports
from db.engine import Database
from db.reports import Point
from tests.api.conftest import Api, assert_problem
from tests.factories import claim, end
from tests.servers import wait_until
from trainshed.ids import new_id
from trainshed.states import AttemptOutcome


def watching(api: Api) -> int:
    found: int = api.client.app.state.parts.tail.watching  # type: ignore[attr-defined]
    return found


def test_a_job_comes_with_its_attempts_and_latest_metrics(api: Api, database: Database) -> None:
    job_id = api.submit(retry={"budget": {"crashed": 1}, "backoff": {"initial": 60}})
    with database.begin() as conn:
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point("loss", 1, 0.5), Point("loss", 2, 0.1 + 0.2)])
        reports.progress(conn, won.lease, {"fraction": 0.25, "epoch": 1})
        running = won
    job = api.get(f"/jobs/{job_id}").json()
    assert (job["state"], job["attempt"], job["latest_metrics"]) == ("running", 1, {"loss": 0.1 + 0.2})
    assert job["progress"] == {
        "fraction": 0.25,
        "epoch": 1,
        "epochs": None,
        "step": None,
        "steps": None,
        "eta_s": None,
    }
    with database.begin() as conn:
        end(conn, running, AttemptOutcome.CRASHED)
    job = api.get(f"/jobs/{job_id}").json()
    assert (job["state"], job["reason"]) == ("queued", "retry_backoff")
    assert job["not_before"] > job["created_at"]
    assert [(one["number"], one["outcome"], one["charged"]) for one in job["attempts"]] == [(1, "crashed", True)]


@pytest.mark.parametrize(
    "job_id",
    ["job_nope", new_id("job"), "%00", "a" * 5_000, "job_%F0%9F%92%A9"],
    ids=["no form", "unknown", "nul", "long", "emoji"],
)
def test_what_is_no_job_is_not_found(api: Api, job_id: str) -> None:
    assert_problem(api.get(f"/jobs/{job_id}"), 404, "not_found")


def test_a_job_of_another_project_is_not_there(api: Api) -> None:
    job_id = api.submit()
    theirs = assert_problem(api.get(f"/jobs/{job_id}", as_="other"), 404, "not_found")
    unknown = new_id("job")
    nowhere = assert_problem(api.get(f"/jobs/{unknown}", as_="other"), 404, "not_found")
    assert theirs["detail"].replace(job_id, unknown) == nowhere["detail"]


def test_the_etag_changes_with_the_job_and_spares_a_client_what_it_has(api: Api, database: Database) -> None:
    job_id = api.submit()
    first = api.get(f"/jobs/{job_id}")
    etag = first.headers["etag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        again = api.get(f"/jobs/{job_id}", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    with database.begin() as conn:
        claim(conn)
    changed = api.get(f"/jobs/{job_id}", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("wait", ["-1", "61", "61s", "soon", "nan", "inf", "", "1e9"])
def test_a_wait_that_is_none_is_refused(api: Api, wait: str) -> None:
    problem = assert_problem(api.get(f"/jobs/{api.submit()}", params={"wait": wait}), 422, "request_invalid")
    assert problem["errors"][0]["path"] == "wait"


@pytest.mark.parametrize("wait", ["0.05", "0.05s", "50ms"])
def test_a_wait_ends_with_the_present_state(api: Api, wait: str) -> None:
    assert api.get(f"/jobs/{api.submit()}", params={"wait": wait}).json()["state"] == "queued"
    assert watching(api) == 0


def test_a_wait_ends_when_the_job_has_finished_and_not_when_it_merely_changed(api: Api, database: Database) -> None:
    job_id = api.submit()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.get, f"/jobs/{job_id}", params={"wait": "60s"})
        wait_until(lambda: watching(api) == 1, what="the long poll to wait")
        with database.begin() as conn:
            won = claim(conn)
        assert not waiting.done()
        with database.begin() as conn:
            end(conn, won)
        assert waiting.result(timeout=30).json()["state"] == "succeeded"
    wait_until(lambda: watching(api) == 0, what="the watch to close")


def test_a_wait_with_an_etag_ends_with_any_change(api: Api, database: Database) -> None:
    job_id = api.submit()
    etag = api.get(f"/jobs/{job_id}").headers["etag"]
    unchanged = api.get(f"/jobs/{job_id}", params={"wait": "0.05s"}, headers={"If-None-Match": etag})
    assert unchanged.status_code == 304
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.get, f"/jobs/{job_id}", params={"wait": "60s"}, headers={"If-None-Match": etag})
        wait_until(lambda: watching(api) == 1, what="the long poll to wait")
        with database.begin() as conn:
            claim(conn)
        assert waiting.result(timeout=30).json()["state"] == "running"


def test_more_clients_may_wait_than_there_are_threads(api: Api) -> None:
    job_id = api.submit()
    with ThreadPoolExecutor(32) as pool:
        waiting = [pool.submit(api.get, f"/jobs/{job_id}", params={"wait": "60s"}) for _ in range(32)]
        wait_until(lambda: watching(api) == 32, what="all long polls to wait")
        assert threading.active_count() < 120
        assert api.get("/jobs").status_code == 200  # the threads of the server are free
        assert api.post(f"/jobs/{job_id}/cancel").status_code == 202
        assert {answer.result(timeout=30).json()["state"] for answer in waiting} == {"cancelled"}
