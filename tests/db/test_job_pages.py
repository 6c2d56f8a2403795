"""Pages of jobs: whatever is filtered and sorted, all pages together are the whole list, and each is cheap."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import event, text

from db.engine import Database
from db.queries import job_pages
from db.queries.job_pages import JobFilter, JobSort, list_jobs
from tests.factories import PROJECT, claim, end, make_project, submit
from trainshed.states import AttemptOutcome, JobState

NAMES = ("alpha", "beta", "beta-2", "gamma_%")


@pytest.fixture
def made(database: Database) -> list[dict[str, Any]]:
    """Sixty jobs of all kinds of states, oldest first."""
    draw = random.Random(7)
    with database.begin() as conn:
        make_project(conn)
        make_project(conn, "prj_other")
        for number in range(60):
            labels = {"team": draw.choice(["vision", "text"])} if number % 3 else {}
            submit(conn, name=draw.choice(NAMES), kind=draw.choice(["command", "train"]), labels=labels)
            if number % 2:
                outcome = draw.choice([AttemptOutcome.SUCCEEDED, AttemptOutcome.USER_ERROR, None])
                won = claim(conn)
                if outcome is not None:
                    end(conn, won, outcome)
        submit(conn, project_id="prj_other")
        rows = conn.execute(text("SELECT * FROM job WHERE project_id = :project ORDER BY id"), {"project": PROJECT})
        return [dict(row._mapping) for row in rows]


def walk(database: Database, wanted: JobFilter, sort: JobSort, limit: int) -> list[str]:
    found: list[str] = []
    after = None
    with database.read() as conn:
        while True:
            page = list_jobs(conn, PROJECT, wanted, sort=sort, after=after, limit=limit)
            assert len(page.rows) <= limit
            found.extend(row.id for row in page.rows)
            if page.next_key is None:
                return found
            assert page.next_key != after
            after = page.next_key


def expected(made: list[dict[str, Any]], wanted: JobFilter, sort: JobSort) -> list[str]:
    rows = [row for row in made if passes(row, wanted) and (sort.column != "finished_at" or row["finished_at"])]
    rows.sort(key=lambda row: (*([row[sort.column]] if sort.column else []), row["id"]), reverse=sort.descends)
    return [row["id"] for row in rows]


def passes(row: dict[str, Any], wanted: JobFilter) -> bool:
    return (
        (not wanted.states or row["state"] in wanted.states)
        and (not wanted.kinds or row["kind"] in wanted.kinds)
        and (wanted.name is None or row["name"] == wanted.name)
        and (wanted.text is None or wanted.text.lower() in row["name"] or wanted.text.lower() in row["id"])
        and (wanted.id_prefix is None or row["id"].startswith(wanted.id_prefix))
        and (wanted.created_after is None or row["created_at"] >= wanted.created_after)
        and (wanted.created_before is None or row["created_at"] < wanted.created_before)
        and all(str(value) in str(row["labels"]) for value in wanted.labels.values())
    )


def filters(made: list[dict[str, Any]]) -> list[JobFilter]:
    middle = made[30]["created_at"]
    return [
        JobFilter(),
        JobFilter(states=(JobState.SUCCEEDED,)),
        JobFilter(states=(JobState.SUCCEEDED, JobState.FAILED, JobState.RUNNING, JobState.FAILED)),
        JobFilter(states=(JobState.QUEUED, JobState.FAILED), kinds=("train",), labels={"team": "vision"}),
        JobFilter(name="beta"),
        JobFilter(name="beta", states=(JobState.FAILED,)),
        JobFilter(text="BETA"),
        JobFilter(text="_%"),
        JobFilter(labels={"team": "text"}),
        JobFilter(id_prefix=made[10]["id"]),
        JobFilter(id_prefix=made[10]["id"][:20]),
        JobFilter(created_after=middle),
        JobFilter(created_before=middle, kinds=("command",)),
        JobFilter(text="nothing has this"),
    ]


@pytest.mark.parametrize("looked_at", [3, 10_000])
@pytest.mark.parametrize("sort", list(JobSort))
def test_all_pages_together_are_the_whole_list_in_order(
    database: Database,
    made: list[dict[str, Any]],
    sort: JobSort,
    looked_at: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job_pages, "_MOST_LOOKED_AT", looked_at)
    for wanted in filters(made):
        assert walk(database, wanted, sort, 7) == expected(made, wanted, sort), wanted


def test_identifiers_of_one_process_ascend_as_they_are_made(made: list[dict[str, Any]]) -> None:
    by_time = sorted(made, key=lambda row: (row["created_at"], row["id"]))
    assert [row["id"] for row in by_time] == [row["id"] for row in made]


MANY = {
    "sqlite": """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)""",
    "postgresql": """WITH n(i) AS (SELECT generate_series(1, 4000))""",
}
FILL = """
    INSERT INTO job (id, project_id, created_by, kind, name, labels, spec, created_at, state, reason, message,
        event_seq,
        version, priority, pool, gpus, not_before, queued_at, hinted_at, attempt, hb, finished_at)
    {many} SELECT 'job_' || substr('00000000000000000000000000' || i, -26, 26),
        CASE WHEN i - 3 * (i / 3) = 0 THEN 'prj_test' ELSE 'prj_other' END, 'key_test', 'command',
        'name-' || (i - 500 * (i / 500)), '{{}}', '{{}}', i,
        CASE WHEN i - 100 * (i / 100) = 0 THEN 'queued' ELSE 'succeeded' END, 'completed',
        '', 1, 1, 0, 'cpu', 0, i, i, i, 0, 0, CASE WHEN i - 100 * (i / 100) = 0 THEN NULL ELSE i END FROM n
"""


@pytest.fixture
def filled(database: Database) -> Database:
    """Four thousand jobs, with the statistics that a database in use has."""
    with database.begin() as conn:
        make_project(conn)
        make_project(conn, "prj_other")
        sql = FILL.format(many=MANY[database.dialect])
        if database.dialect == "postgresql":
            sql = sql.replace("substr('00000000000000000000000000' || i, -26, 26)", "lpad(i::text, 26, '0')")
        conn.exec_driver_sql(sql)
        conn.exec_driver_sql("ANALYZE")
    return database


@pytest.mark.parametrize(
    ("wanted", "sort", "index"),
    [
        (JobFilter(), JobSort.NEWEST, "ix_job_project_id_id"),
        (JobFilter(states=(JobState.QUEUED,)), JobSort.NEWEST, "ix_job_project_id_state_id"),
        (JobFilter(name="name-7"), JobSort.NEWEST, "ix_job_project_id_name_id"),
        (JobFilter(), JobSort.LATEST_FINISHED, "ix_job_project_id_finished_at_id"),
        (JobFilter(), JobSort.NAME, "ix_job_project_id_name_id"),
        (JobFilter(kinds=("train",)), JobSort.NEWEST, "ix_job_project_id_id"),
    ],
)
def test_a_page_is_read_from_an_index_in_order_without_sorting(
    filled: Database, wanted: JobFilter, sort: JobSort, index: str
) -> None:
    after = {"": ("job_" + "0" * 22 + "2000",), "finished_at": (2000.0, "job_x"), "name": ("name-3", "job_x")}
    for plan in plans(filled, wanted, sort, after[sort.column]):
        # The identifiers are in creation order as well; for a project with many of the jobs Postgres may prefer those.
        assert index in plan or "pk_job" in plan, plan
        # What is looked at row by row SQLite sorts again: at most ten thousand rows.
        assert "TEMP B-TREE" not in plan or wanted.kinds, plan
        assert "Sort" not in plan, plan
        assert "Seq Scan" not in plan, plan


def plans(database: Database, wanted: JobFilter, sort: JobSort, after: tuple[Any, ...]) -> list[str]:
    """Return the plan of each statement of a page in the middle of the list."""
    found: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "

    def explained(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith("SELECT"):
            rows = conn.connection.cursor().execute(explain + statement, parameters).fetchall()
            found.append("\n".join(str(row) for row in rows))

    event.listen(database.reader, "before_cursor_execute", explained)
    try:
        with database.read() as conn:
            list_jobs(conn, PROJECT, wanted, sort=sort, after=after, limit=50)
    finally:
        event.remove(database.reader, "before_cursor_execute", explained)
    assert found
    return found
