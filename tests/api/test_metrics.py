"""GET /api/v1/jobs/{id}/metrics."""

from __future__ import annotations

import pytest

from db import reports
from db.engine import Database
from db.leases import Lease
from db.reports import Point
from tests.api.conftest import Api, assert_problem
from tests.factories import claim
from trainshed.series import SYSTEM_CPU


@pytest.fixture
def job_id(api: Api, database: Database) -> str:
    made = api.submit()
    with database.begin() as conn:
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point("loss", step, 1 / (step + 1)) for step in range(10)])
        reports.add_points(conn, won.lease, [Point("accuracy", step, step / 10) for step in range(3)])
    return made


def steps(api: Api, job_id: str, **params: object) -> dict[str, list[int]]:
    answer = api.get(f"/jobs/{job_id}/metrics", params=params)
    assert answer.status_code == 200, answer.text
    return {series["name"]: [point["step"] for point in series["points"]] for series in answer.json()["series"]}


def test_all_series_come_in_order_with_their_exact_values(api: Api, job_id: str) -> None:
    assert steps(api, job_id) == {"accuracy": [0, 1, 2], "loss": list(range(10))}
    loss = api.get(f"/jobs/{job_id}/metrics").json()["series"][1]["points"]
    assert [point["value"] for point in loss] == [1 / (step + 1) for step in range(10)]


def test_series_and_steps_can_be_chosen(api: Api, job_id: str) -> None:
    assert steps(api, job_id, series="loss", since_step=8) == {"loss": [8, 9]}
    assert steps(api, job_id, series=["loss", "accuracy"], since_step=2, limit=2) == {"accuracy": [2], "loss": [2, 3]}
    assert steps(api, job_id, series="nothing") == {}


def test_what_the_worker_measured_comes_when_it_is_asked_for(api: Api, job_id: str, database: Database) -> None:
    lease = Lease(job_id, 1, "wrk_a")
    before = api.get(f"/jobs/{job_id}")
    with database.begin() as conn:
        reports.add_points(conn, lease, [Point(SYSTEM_CPU, 5, 0.5)])
    after = api.get(f"/jobs/{job_id}")

    assert steps(api, job_id).keys() == {"accuracy", "loss"}
    assert steps(api, job_id, series=SYSTEM_CPU) == {SYSTEM_CPU: [5]}
    assert after.json()["latest_metrics"].keys() == {"accuracy", "loss"}
    assert after.headers["etag"] == before.headers["etag"]


def test_a_job_of_another_project_shows_nothing(api: Api, job_id: str) -> None:
    assert_problem(api.get(f"/jobs/{job_id}/metrics", as_="other"), 404, "not_found")


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"since_step": "x"},
        {"since_step": 2**63},
        {"until_step": -(2**63) - 1},
        {"series": "\0"},
        {"points": 3},
        {"points": 5_001},
        {"points": 10, "limit": 10},
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(api: Api, job_id: str, params: dict[str, object]) -> None:
    assert_problem(api.get(f"/jobs/{job_id}/metrics", params=params), 422, "request_invalid")


def test_a_range_of_steps_has_both_its_ends(api: Api, job_id: str) -> None:
    assert steps(api, job_id, since_step=1, until_step=2) == {"accuracy": [1, 2], "loss": [1, 2]}
    assert steps(api, job_id, since_step=2, until_step=1) == {"accuracy": [], "loss": []}


def test_a_series_is_thinned_out_to_points_of_its_own(api: Api, job_id: str) -> None:
    assert steps(api, job_id, points=4) == {"accuracy": [0, 1, 2], "loss": [0, 9]}
    assert steps(api, job_id, points=10) == {"accuracy": [0, 1, 2], "loss": list(range(10))}
    assert steps(api, job_id, points=4, since_step=2, until_step=8, series="loss") == {"loss": [2, 8]}
