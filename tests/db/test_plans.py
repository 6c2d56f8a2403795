"""Statements that run all the time are answered from an index, however large the table is."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from db import leases, transitions
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
}


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (transitions._CLAIM, "ix_job_claim"),
        (transitions._MORE, "ix_job_claim"),
        (leases._REQUESTED, "ix_job_running"),
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
    assert index in plan, plan
