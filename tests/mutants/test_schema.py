"""What the schema itself refuses. Each constraint has a write that it alone stands against: with it that write is
refused, without it the write goes through. So no constraint is there in name only, and a new one needs its write.
"""

from __future__ import annotations

import re
from typing import Final

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from db import reports
from db.engine import Database, DatabaseUnavailable
from db.reports import Point
from tests.factories import claim, end, make_project, submit

VANDALS: Final = {
    "ck_job_state": "UPDATE job SET state = 'odd' WHERE state = 'queued'",
    "ck_job_request": "UPDATE job SET request = 'odd' WHERE state = 'running'",
    "ck_job_lease": "UPDATE job SET lease_expires_at = NULL WHERE state = 'running'",
    "ck_job_owner": "UPDATE job SET owner = NULL WHERE state = 'running'",
    "ck_job_finished": "UPDATE job SET finished_at = NULL WHERE state = 'succeeded'",
    "ck_job_held": "UPDATE job SET held = TRUE WHERE state = 'queued'",
    "ck_attempt_outcome": "UPDATE attempt SET outcome = 'odd', ended_at = 1 WHERE outcome = 'running'",
    "ck_attempt_ended": "UPDATE attempt SET ended_at = 1 WHERE outcome = 'running'",
    "ck_worker_state": "UPDATE worker SET state = 'odd'",
    "ck_api_key_role": """INSERT INTO api_key (id, project_id, name, role, secret_sha256, created_at)
        VALUES ('key_odd', 'prj_test', 'odd', 'odd', '', 1)""",
    "ck_retention_policy_jobs_count": """INSERT INTO retention_policy (project_id, jobs_count, updated_at)
        VALUES ('prj_test', -1, 1)""",
    "job_terminal": "UPDATE job SET state = 'failed' WHERE state = 'succeeded'",
    "uq_event_job_id_seq": "UPDATE event SET seq = 1 WHERE seq = 2",
    "uq_metric_series_job_id_name": "UPDATE metric_series SET name = 'loss'",
    "uq_dataset_project_id_name": "UPDATE dataset SET name = 'same'",
}
_ROWS: Final = (
    """INSERT INTO worker (id, name, host, pid, pool, state, slots, busy, cpus, memory_bytes, gpus, sandbox,
        runs_commands, versions, started_at, last_seen_at)
        VALUES ('wrk_x', 'x', 'h', 1, 'cpu', 'active', 1, 0, 1, 1, 0, '', TRUE, '{}', 1, 1)""",
    "INSERT INTO dataset (id, project_id, name, last_version, created_at) VALUES ('dst_a', 'prj_test', 'a', 0, 1)",
    "INSERT INTO dataset (id, project_id, name, last_version, created_at) VALUES ('dst_b', 'prj_test', 'b', 0, 1)",
)
_NAMES: Final = {
    "sqlite": r"SELECT name, type, COALESCE(sql, '') FROM sqlite_master",
    "postgresql": """
        SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
        UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
        UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'uq\\_%\\_%'
    """,
}


@pytest.fixture(autouse=True)
def rows(database: Database) -> None:
    """A job that waits, one that runs and one that has ended, with what goes with them."""
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point("loss", 1, 1.0), Point("accuracy", 1, 1.0)])
        end(conn, won)
        submit(conn)
        claim(conn)
        submit(conn)
        for row in _ROWS:
            conn.execute(text(row))


@pytest.mark.parametrize("constraint", VANDALS)
def test_a_constraint_refuses_what_it_is_there_for(database: Database, constraint: str) -> None:
    with pytest.raises((DBAPIError, DatabaseUnavailable)), database.begin() as conn:
        conn.execute(text(VANDALS[constraint]))


@pytest.mark.parametrize("constraint", VANDALS)
def test_nothing_else_refuses_it(database: Database, constraint: str) -> None:
    _take_out(database, constraint)
    with database.begin() as conn:
        assert conn.execute(text(VANDALS[constraint])).rowcount > 0


def test_every_check_trigger_and_unique_index_has_its_vandal(database: Database) -> None:
    with database.read() as conn:
        found = _constraints(conn)
    assert found - {"uq_project_name"} == set(VANDALS)


def _constraints(conn: Connection) -> set[str]:
    rows = conn.execute(text(_NAMES[conn.dialect.name])).all()
    if conn.dialect.name == "postgresql":
        return {row[0] for row in rows}
    checks = {name for _, _, sql in rows for name in re.findall(r"CONSTRAINT (ck_\w+)", sql)}
    return checks | {name for name, kind, _ in rows if kind == "trigger" or name.startswith("uq_")}


def _take_out(database: Database, constraint: str) -> None:
    with database.begin() as conn:
        if constraint.startswith("uq_"):
            conn.execute(text(f"DROP INDEX {constraint}"))
        elif not constraint.startswith("ck_"):
            conn.execute(text(f"DROP TRIGGER {constraint}" + (" ON job" if database.dialect == "postgresql" else "")))
        elif database.dialect == "postgresql":
            table = conn.execute(
                text("SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = :name".replace("::", r"\:\:")),
                {"name": constraint},
            ).scalar_one()
            conn.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"))
        else:
            _edit_schema(conn, constraint)
    database.reader.dispose()
    database.writer.dispose()


def _edit_schema(conn: Connection, constraint: str) -> None:
    """SQLite has no way to drop a CHECK, but its schema is text."""
    pattern = "%CONSTRAINT " + constraint + " %"
    table, sql = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE sql LIKE :it"), {"it": pattern}).one()
    conn.exec_driver_sql("PRAGMA writable_schema = ON")
    conn.execute(
        text("UPDATE sqlite_master SET sql = :sql WHERE name = :name"),
        {"sql": _without(sql, constraint), "name": table},
    )


def _without(sql: str, constraint: str) -> str:
    """Replace the condition of a CHECK by one that always holds."""
    start = sql.index("CHECK", sql.index(f"CONSTRAINT {constraint} ")) + len("CHECK")
    start = sql.index("(", start)
    depth = 0
    for at in range(start, len(sql)):
        depth += (sql[at] == "(") - (sql[at] == ")")
        if depth == 0:
            return f"{sql[:start]}(1){sql[at + 1 :]}"
    raise ValueError(f"{constraint} has no end")
