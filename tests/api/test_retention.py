"""/api/v1/retention: what is set is shown, and a dry run says what it means and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from db import blobs, reports
from db.engine import Database
from db.queries import retention as queries
from db.reports import MadeFile
from db.retention import Policy, Rule
from tests.api.conftest import Api, assert_problem
from tests.factories import PROJECT, claim, end, submit

NOTHING = {
    "jobs_age_s": None,
    "jobs_count": None,
    "logs_age_s": None,
    "logs_count": None,
    "artifacts_age_s": None,
    "artifacts_count": None,
    "updated_at": None,
}
DAY_S = 86_400.0


def put(api: Api, as_: str = "admin", **policy: Any) -> Any:
    return api.request("PUT", "/retention", as_=as_, json=policy)


def dry_run(api: Api, **policy: Any) -> dict[str, Any]:
    answer = api.post("/retention/dry-run", as_="viewer", **({"json": policy} if policy else {}))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def finished(database: Database, *, days_ago: float, log: bytes = b"12345", content: str = "a") -> str:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        reports.append_log(conn, won.lease, start=0, data=log)
        blobs.touch(conn, content * 64, 100)
        reports.add_artifacts(conn, won.lease, [MadeFile("model", content * 64, 100, "text/plain")])
        end(conn, won)
        moved = {"id": won.lease.job_id, "s": days_ago * DAY_S}
        conn.execute(text("UPDATE job SET finished_at = finished_at - :s WHERE id = :id"), moved)
    return won.lease.job_id


def test_without_a_policy_all_is_kept(api: Api, database: Database) -> None:
    finished(database, days_ago=1000)
    assert api.get("/retention", as_="viewer").json() == NOTHING
    assert [dry_run(api)[kind]["jobs"] for kind in ("jobs", "logs", "artifacts")] == [0, 0, 0]


def test_a_policy_takes_durations_and_seconds_and_shows_seconds(api: Api) -> None:
    answer = put(api, jobs_age="30d", logs_age=7200, artifacts_age="1h30m", jobs_count=1000)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["updated_at"] is not None
    assert shown | {"updated_at": None} == NOTHING | {
        "jobs_age_s": 30 * DAY_S,
        "jobs_count": 1000,
        "logs_age_s": 7200.0,
        "artifacts_age_s": 5400.0,
    }
    assert api.get("/retention", as_="viewer").json() == shown


def test_what_was_read_can_be_sent_back(api: Api) -> None:
    put(api, jobs_age="30d", logs_count=5)
    shown = api.get("/retention", as_="viewer").json()
    again = put(api, **{name: value for name, value in shown.items() if name != "updated_at"})
    assert again.json() | {"updated_at": None} == shown | {"updated_at": None}
    assert_problem(put(api, jobs_age="30d", jobs_age_s=3600.0), 422, "request_invalid")


def test_a_policy_replaces_the_one_before_whole(api: Api) -> None:
    put(api, jobs_age="30d", jobs_count=5)
    put(api, logs_count=0)
    shown = api.get("/retention", as_="viewer").json()
    assert (shown["jobs_age_s"], shown["jobs_count"], shown["logs_count"]) == (None, None, 0)


@pytest.mark.parametrize(
    "policy",
    [
        {"jobs_age": "soon"},
        {"jobs_age": 30},  # seconds: whoever meant days would lose everything
        {"jobs_age": True},
        {"jobs_age": -1},
        {"jobs_age": 1e300},
        {"jobs_age": "9" * 400 + "d"},
        {"jobs_count": -1},
        {"jobs_count": 2**31},
        {"jobs_count": 1.5},
        {"jobs_count": True},
        {"jobs_count": "5"},
        {"jobs_ages": "30d"},
        {"jobs_age_s": 30},
    ],
)
def test_what_is_no_policy_is_refused_with_the_field(api: Api, policy: dict[str, Any]) -> None:
    problem = assert_problem(put(api, **policy), 422, "request_invalid")
    assert problem["errors"][0]["path"].startswith(next(iter(policy)))
    assert api.get("/retention", as_="viewer").json() == NOTHING
    answer = api.post("/retention/dry-run", as_="viewer", json=policy)
    assert_problem(answer, 422, "request_invalid")


def test_a_body_that_is_no_json_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.request("PUT", "/retention", as_="admin", content=b"{", headers=headers)
    assert_problem(answer, 400, "body_malformed")


def test_only_an_administrator_sets_it_and_each_project_has_its_own(api: Api) -> None:
    assert_problem(put(api, as_="operator", jobs_count=1), 403, "forbidden")
    assert put(api, as_="other", jobs_count=7).status_code == 200
    assert api.get("/retention", as_="viewer").json() == NOTHING


def test_a_dry_run_counts_jobs_bytes_and_names_the_oldest_first(api: Api, database: Database) -> None:
    old = finished(database, days_ago=40)
    older = finished(database, days_ago=50, log=b"1234567", content="b")
    finished(database, days_ago=1)
    report = dry_run(api, jobs_age="30d")
    assert report["jobs"] == {"jobs": 2, "bytes": 212, "job_ids": [older, old], "more": False}
    assert (report["logs"]["jobs"], report["artifacts"]["jobs"]) == (0, 0)
    assert report["policy"]["jobs_age_s"] == 30 * DAY_S
    assert report["policy"]["updated_at"] is None
    assert api.get("/retention", as_="viewer").json() == NOTHING
    assert api.get(f"/jobs/{older}").status_code == 200


def test_a_dry_run_of_logs_and_artifacts_counts_those_of_jobs_that_stay(api: Api, database: Database) -> None:
    jobs = [finished(database, days_ago=days) for days in (90, 50, 40, 1)]
    report = dry_run(api, jobs_age="60d", logs_age="45d", artifacts_count=1)
    assert report["jobs"]["job_ids"] == jobs[:1]
    assert report["logs"] == {"jobs": 1, "bytes": 5, "job_ids": [jobs[1]], "more": False}
    assert report["artifacts"] == {"jobs": 2, "bytes": 200, "job_ids": jobs[1:3], "more": False}


def test_a_dry_run_without_a_body_tries_the_policy_of_the_project(api: Api, database: Database) -> None:
    job_id = finished(database, days_ago=2)
    put(api, jobs_count=0)
    report = dry_run(api)
    assert report["jobs"]["job_ids"] == [job_id]
    assert report["policy"] == api.get("/retention", as_="viewer").json()


def test_a_dry_run_spares_what_an_unfinished_job_needs(api: Api, database: Database) -> None:
    job_id = finished(database, days_ago=90)
    api.submit(depends_on=[job_id])
    report = dry_run(api, jobs_count=0, artifacts_count=0, logs_count=0)
    assert (report["jobs"]["jobs"], report["artifacts"]["jobs"], report["logs"]["jobs"]) == (0, 0, 1)


def test_a_dry_run_says_when_it_did_not_count_all(database: Database, api: Api) -> None:
    for _ in range(3):
        finished(database, days_ago=2)
    with database.read() as conn:
        report = queries.report(conn, PROJECT, Policy(jobs=Rule(count=0)), limit=2)
    assert (report.jobs.jobs, report.jobs.more) == (2, True)
