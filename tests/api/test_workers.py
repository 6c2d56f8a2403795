"""GET /api/v1/workers."""

from __future__ import annotations

from db import workers
from db.engine import Database
from tests.api.conftest import Api
from tests.api.test_jobs_create import register


def test_workers_are_listed_with_what_they_have(api: Api, database: Database) -> None:
    register(database, id="wrk_a", name="a", versions={"keras": "3.15.1"}, runs_commands=False)
    with database.begin() as conn:
        workers.seen(conn, "wrk_a", busy=1, state="draining", counts={})
    (found,) = api.get("/workers", as_="viewer").json()["items"]
    assert (found["id"], found["state"], found["busy"], found["cpus"]) == ("wrk_a", "draining", 1, 4.0)
    assert found["versions"] == {"keras": "3.15.1"}
    assert found["runs_commands"] is False
    assert found["last_seen_at"] >= found["started_at"]
