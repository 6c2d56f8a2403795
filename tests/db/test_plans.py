"""Statements that run all the time are answered from an index, however large the table is."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from db import compaction, garbage, leases, retention, transitions
from db.engine import Database
from db.sql import Statement

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
        (garbage._LIST, "pk_blob|sqlite_autoindex_blob_1"),
        (garbage._ABANDONED, "ix_blob_deleting"),
        (garbage._TAKE_OVER, "ix_blob_deleting"),
        (retention._DUE, "ix_job_project_id_finished_at_id"),
        (retention._LAST_KEPT, "ix_job_project_id_finished_at_id"),
        (compaction._NEXT, "pk_log_chunk|sqlite_autoindex_log_chunk_1"),
    ],
)
def test_the_plan_uses_the_index_made_for_it(database: Database, statement: Statement, index: str) -> None:
    sql = statement.on(database.dialect).text
    wanted = {name: value for name, value in PARAMETERS.items() if f":{name}" in sql}
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.begin() as conn:
        if database.dialect == "postgresql":
            conn.execute(text("SET LOCAL enable_seqscan = off"))  # the table of a test is too small for an index
        rows = conn.execute(text(explain + sql.replace("::", r"\:\:")), wanted).all()
    plan = "\n".join(str(row) for row in rows)
    assert re.search(index, plan), plan
