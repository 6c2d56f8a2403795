"""What the proofs of `tests.mutants.equivalent` lean on, one test for each kind of proof.

That a running job alone has an owner is held by `ck_job_owner`: see `test_schema.py`.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from sqlalchemy import text

from db import reports, transitions
from db.engine import Database
from db.reports import Point
from reconciler import expire
from tests.factories import USER, claim, end, make_project, submit
from tests.mutants.conjuncts import list_conjuncts
from tests.mutants.equivalent import EQUIVALENT, Proof
from tests.mutants.locks import list_statements
from tests.mutants.test_schema import VANDALS


def _sql_of(proof: Proof) -> Iterator[str]:
    """Yield the statements whose conditions are explained by `proof`."""
    known = {where: statement._sql for where, statement in list_statements()}
    for name, reason in EQUIVALENT.items():
        if reason is proof:
            yield known[name.split(": ")[0]]


def test_no_statement_lowers_a_heartbeat_and_each_that_takes_an_owner_away_raises_it() -> None:
    moves = [each._sql for _, each in list_statements() if "UPDATE job SET" in each._sql]
    assert all(sets == "hb + 1" for sql in moves for sets in re.findall(r"\bhb = ([^,\s]+(?: \+ 1)?)", _sets(sql)))
    leave = [sql for sql in moves if "owner = NULL" in sql]
    assert len(leave) == 6
    assert all("hb = hb + 1" in sql for sql in (*leave, *_sql_of(Proof.BEAT_ON)))


def _sets(sql: str) -> str:
    """Return what an UPDATE writes, without its conditions."""
    return sql.split("UPDATE job SET", 1)[1].split("WHERE", 1)[0]


def test_what_is_chosen_in_the_same_statement_is_locked_in_the_state_that_is_asked_for_again() -> None:
    for sql in _sql_of(Proof.CHOSEN):
        chosen = re.search(r"AS \{materialized\} \((.*?)\{skip_locked\}\s*\)\s*UPDATE job", sql, re.DOTALL)
        assert chosen is not None
        assert re.search(r"WHERE (job\.)?state = 'queued' AND", chosen[1])
        assert "id AS" in chosen[1]


def test_who_is_asked_for_an_owner_is_asked_in_each_condition_that_leans_on_it() -> None:
    assert "ck_job_owner" in VANDALS
    assert all(re.search(r"owner = (:owner|worker\.id)", sql) for sql in _sql_of(Proof.OWNED))


def test_who_is_asked_to_be_held_is_asked_in_each_condition_that_leans_on_it() -> None:
    assert "ck_job_held" in VANDALS
    assert all("AND held AND" in sql for sql in _sql_of(Proof.HELD))


def test_a_series_has_a_point_and_says_its_latest_one_so_that_others_may_be_looked_at(
    database: Database,
) -> None:
    series = text("SELECT name, last_step, last_value FROM metric_series ORDER BY job_id, name")
    with database.begin() as conn:
        make_project(conn)
        for _ in range(2):
            submit(conn)
            lease = claim(conn).lease
            for steps in ((1, 2), (7, 3)):  # in whatever order they come
                reports.add_points(conn, lease, [Point("loss", step, step / 8) for step in steps])
        before = conn.execute(series).all()
        for cut in list_conjuncts():
            if EQUIVALENT.get(cut.name) in (Proof.SAME, Proof.FILLED):
                with cut.taken_out():
                    cut.statement.run(conn, job_id=lease.job_id, step=0, epoch=0)
                assert conn.execute(series).all() == before


def test_nothing_ends_that_is_found_to_be_late_and_is_not(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)
        submit(conn, priority=1, queue_timeout_s=5.0)
        claim(conn)
        conn.execute(text("UPDATE job SET queued_at = queued_at - 10"))
        submit(conn, queue_timeout_s=3_600.0)
    for cut in list_conjuncts():
        if EQUIVALENT.get(cut.name) is Proof.FOUND:
            with cut.taken_out():
                assert expire.run_once(database, USER).expired == ()


def test_settling_leaves_alone_what_is_not_blocked(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)
        jobs = [submit(conn), submit(conn)]
        end(conn, claim(conn))
        assert [transitions.settle(conn, job, USER) for job in jobs] == [None, None]


def test_nothing_is_later_than_null() -> None:
    assert all("queued_at + queue_timeout_s < " in sql for sql in _sql_of(Proof.NULL))
    assert sqlite3.connect(":memory:").execute("SELECT 1 + NULL < 2").fetchone() == (None,)
