"""Statements that run all the time are answered from an index, however large the table is."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from db import compaction, counters, garbage, hints, leases, retention, transitions
from db.engine import Database
from db.queries import overview, queues
from db.sql import Statement
from reconciler import expire, reap, unblock
from tests.factories import make_project, submit

PARAMETERS = {
    "pool": "cpu",
    "slot_cpus": 1.0,
    "cpus": 1.0,
    "memory_bytes": 1,
    "gpus": 0,
    "runs_commands": True,
    "owner": "wrk_a",
    "message": "",
    "lease_s": 12.0,
    "project_id": "prj_a",
    "job_id": "job_a",
    "attempt": 1,
    "first": "00",
    "stop": "00g",
    "grace_s": 3600.0,
    "older_than_s": 600.0,
    "limit": 10,
    "most": 10,
    "within_s": 60.0,
    "longer_than_s": 600.0,
    "idle_cpus": 0.005,
    "idle_after_s": 300.0,
    "every_s": 5.0,
    "before": 10,
    "after_at": 0.0,
    "after_id": "",
    "stop_at": 1.0,
    "stop_id": "",
}


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (transitions._CLAIM, "ix_job_claim"),
        (transitions._MORE, "ix_job_claim"),
        (leases._REQUESTED, "ix_job_running"),
        (transitions._EXPIRE, "ix_job_queue_timeout"),
        (expire._LATE, "ix_job_queue_timeout"),
        (unblock._READY, "ix_job_blocked"),
        (reap._RUNNING, "ix_job_running"),
        (queues._RUNNING, "ix_job_running"),
        (garbage._LIST, "pk_blob|sqlite_autoindex_blob_1"),
        (garbage._ABANDONED, "ix_blob_deleting"),
        (garbage._TAKE_OVER, "ix_blob_deleting"),
        (retention._DUE, "ix_job_project_id_finished_at_id"),
        (retention._LAST_KEPT, "ix_job_project_id_finished_at_id"),
        (overview._COUNTS, "ix_job_project_id_state_id"),
        (overview._ENDED, "ix_job_project_id_finished_at_id"),
        (overview._FAILED, "ix_job_project_id_finished_at_id"),
        (overview._WAITING, "ix_job_project_id_state_id"),
        (overview._TROUBLED, "ix_job_project_id_state_id"),
        (compaction._NEXT, "pk_log_chunk|sqlite_autoindex_log_chunk_1"),
    ],
)
def test_the_plan_uses_the_index_made_for_it(database: Database, statement: Statement, index: str) -> None:
    plan = explain(database, statement)
    assert re.search(index, plan), plan


@pytest.mark.parametrize("statement", [transitions._EXPIRE, expire._LATE])
def test_jobs_past_their_queue_timeout_are_sought_by_time(database: Database, statement: Statement) -> None:
    plan = explain(database, statement)
    assert re.search(r"Index Cond: .*queue_timeout_s|ix_job_queue_timeout \(<expr><\?\)", plan), plan


@pytest.mark.parametrize("statement", [overview._ENDED, overview._FAILED])
def test_what_ended_lately_is_sought_by_time_and_what_ended_before_is_not_gone_over(
    database: Database, statement: Statement
) -> None:
    plan = explain(database, statement)
    bounded = r"Index Cond: .*finished_at >|ix_job_project_id_finished_at_id \(project_id=\? AND finished_at>\?\)"
    assert re.search(bounded, plan), plan


@pytest.mark.parametrize("statement", [queues._QUEUED, hints._DUE, hints._REHINT])
def test_the_queues_are_read_from_the_index_of_the_claim_and_never_gone_over(
    database: Database, statement: Statement
) -> None:
    plan = explain(database, statement)
    assert "ix_job_claim" in plan, plan
    assert not re.search(r"Seq Scan on job|SCAN job(?! USING (COVERING )?INDEX ix_job_claim)", plan), plan
    assert not re.search("Sort|TEMP B-TREE", plan), plan


def test_what_was_counted_is_read_from_rows_of_workers_and_pools_alone(database: Database) -> None:
    plan = explain(database, counters._ALL)
    assert set(re.findall(r"(?:SCAN|Scan on|using \\w+ on) (\w+)", plan)) == {"worker", "pool_counter"}, plan


def test_the_count_of_a_queue_ends_at_its_bound(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "MOST_COUNTED", 2)
    with database.begin() as conn:
        make_project(conn)
        for pool in ("cpu", "cpu", "cpu", "gpu"):
            submit(conn, pool=pool)
        counted = {row.pool: row.jobs for row in queues.queued(conn)}
    assert counted == {"cpu": 2, "gpu": 1}


def explain(database: Database, statement: Statement) -> str:
    """Return the plan, as a database with many rows would have it."""
    sql = statement.on(database.dialect).text
    wanted = {name: value for name, value in PARAMETERS.items() if f":{name}" in sql}
    word = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.begin() as conn:
        if database.dialect == "postgresql":
            conn.execute(text("SET LOCAL enable_seqscan = off"))  # the table of a test is too small for an index
        rows = conn.execute(text(word + sql.replace("::", r"\:\:")), wanted).all()
    return "\n".join(str(row) for row in rows)
