"""Many rows with one statement: the same rows on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import IntegrityError

from db import transitions
from db.bulk import BulkInsert
from db.clock import read_clock
from db.engine import Database
from db.models import Event, Job, Project
from db.sql import Statement
from tests.factories import USER, make_project, new_job, submit

_PROJECTS = BulkInsert(Project, ("id", "name"), created_at="{now}")
_TXID = Statement("SELECT {txid}")
_STRANGE = [
    "",
    'it\'s "quoted" \\ and \\u0041',
    "%s %(name)s ? :name ::text {now} {txid} $1",
    "tab\tline\nbreak\r\u2028 Zürich 京都 🚂",
    "null",
    '[{"id": "x"}]',
]


def names(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.execute(select(Project.name).order_by(Project.id)).scalars())


@pytest.mark.parametrize("strange", _STRANGE)
def test_text_comes_back_as_it_was(database: Database, strange: str) -> None:
    with database.begin() as conn:
        _PROJECTS.run(conn, [{"id": "a", "name": strange}, {"id": "b", "name": "plain"}])
    assert names(database) == [strange, "plain"]


@pytest.mark.parametrize(
    "values",
    [
        {"cpus": 0.1, "memory_bytes": 2**63 - 1, "gpus": 0, "priority": -(2**31), "queue_timeout_s": 1e308},
        {"cpus": None, "memory_bytes": None, "gpus": 2**31 - 1, "queue_timeout_s": None, "retry_of": None},
        {"labels": {"ключ": "значение", "a": "%s"}, "spec": {"deep": [{"x": None}, [1, 2.5, True]], "empty": {}}},
        {"held": True, "state": "blocked", "queued_at": None, "cpus": 5e-324},
    ],
)
def test_a_row_is_what_a_plain_insert_would_make_of_it(database: Database, values: dict[str, Any]) -> None:
    with database.begin() as conn:
        make_project(conn)
        row = transitions.prepare(new_job(), USER, blocked=False, now=read_clock(conn)).values | values
        again = row | {"id": "job_again"}
        transitions._NEW_JOBS.run(conn, [row])
        conn.execute(insert(Job), [again])
        jobs = {each.id: each for each in conn.execute(select(Job.__table__))}
    bulk, plain = jobs[row["id"]]._asdict(), jobs["job_again"]._asdict()
    assert bulk | {"id": ""} == plain | {"id": ""}
    assert {name: bulk[name] for name in values} == values


def test_expressions_are_the_databases_own_for_each_row(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)
        before = read_clock(conn)
        _PROJECTS.run(conn, [{"id": "a", "name": "a"}, {"id": "b", "name": "b"}])
        made_at = conn.execute(select(Project.created_at).where(Project.id.in_(["a", "b"]))).scalars().all()
        assert all(before <= each <= read_clock(conn) for each in made_at)
        job_id = submit(conn)
        first = conn.execute(select(Event.__table__).where(Event.job_id == job_id)).one()
        mine = _TXID.run(conn).scalar_one()
    assert (first.seq, first.type, first.attempt, first.txid) == (1, "submit", 0, mine)


def test_more_values_than_a_statement_takes_parameters(database: Database) -> None:
    rows = [{"id": f"{number:06}", "name": f"p{number}"} for number in range(40_000)]
    with database.begin() as conn:
        _PROJECTS.run(conn, rows)
    assert names(database) == [row["name"] for row in rows]


def test_postgres_is_sent_one_statement_and_one_document(database: Database) -> None:
    sent: list[tuple[str, bool]] = []
    with database.begin() as conn:
        event.listen(conn, "before_cursor_execute", lambda *arguments: sent.append((arguments[2], bool(arguments[5]))))
        _PROJECTS.run(conn, [{"id": "a", "name": "a"}, {"id": "b", "name": "b"}])
    (statement,) = sent
    assert statement == (_PROJECTS.on(database.writer.dialect), database.dialect == "sqlite")


def test_no_rows_are_no_statement(database: Database) -> None:
    with database.begin() as conn:
        event.listen(conn, "before_cursor_execute", lambda *_: pytest.fail("a statement for nothing"))
        _PROJECTS.run(conn, [])


def test_what_is_no_column_is_passed_over_and_a_column_may_not_be_missing(database: Database) -> None:
    with database.begin() as conn:
        _PROJECTS.run(conn, [{"id": "a", "name": "a", "created_at": 7, "colour": "red"}])
        with pytest.raises(KeyError, match="name"):
            _PROJECTS.run(conn, [{"id": "b", "name": "b"}, {"id": "c"}])
    assert names(database) == ["a"]


def test_all_rows_are_written_or_none(database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as conn:
        _PROJECTS.run(conn, [{"id": "a", "name": "a"}, {"id": "b", "name": "b"}, {"id": "a", "name": "c"}])
    assert names(database) == []


@pytest.mark.parametrize("insertion", [transitions._NEW_JOBS, transitions._SUBMITTED])
def test_every_column_that_must_have_a_value_is_given_one(insertion: BulkInsert) -> None:
    given = {*insertion._columns, *insertion._expressions}
    needed = {
        column.name
        for column in insertion._table.c
        if not column.nullable and column.server_default is None and column.autoincrement is not True
    }
    assert needed <= given
