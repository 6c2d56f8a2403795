"""Every wait for a database has an end, and heartbeats go first."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import Database, DatabaseUnavailable, open_database
from db.gate import GateTimeout, WriterGate
from db.migrate import is_current, upgrade
from db.sql import Statement
from tests.servers import PostgresServer


def test_the_schema_of_a_migrated_database_is_current(database: Database) -> None:
    assert is_current(database)


def test_a_frozen_postgres_is_given_up_and_used_again_when_it_is_back(server_folder: Path) -> None:
    server = PostgresServer(server_folder / "frozen")
    server.start()
    upgrade(server.url("postgres"))
    database = open_database(server.url("postgres"), pool_size=1, patience_s=0.5)
    try:
        with database.read() as conn:
            conn.execute(text("SELECT 1"))
        server.freeze()
        with pytest.raises(DatabaseUnavailable, match="did not answer"), database.read() as conn:
            conn.execute(text("SELECT 1"))
        server.thaw()
        with database.read() as conn:
            assert conn.execute(text("SELECT 1")).scalar_one() == 1
    finally:
        database.close()
        server.stop()


def test_a_restart_of_postgres_costs_no_statement_that_comes_after_it(server_folder: Path) -> None:
    server = PostgresServer(server_folder / "restarted", durable=True)  # or the last commits go with it
    server.start()
    upgrade(server.url("postgres"))
    database = open_database(server.url("postgres"), pool_size=2)
    try:
        for ask in (_read, _write, _glance):
            _read(database)
            server.stop()
            server.start()
            ask(database)
    finally:
        database.close()
        server.stop()


def _read(database: Database) -> None:
    with database.read() as conn:
        conn.execute(text("SELECT 1"))


def _write(database: Database) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE job SET hb = hb"))


def _glance(database: Database) -> None:
    assert database.glance(Statement("SELECT CAST(:one AS integer)"), one=1) == (1,)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_sqlite_that_another_process_writes_to_is_waited_for_and_then_given_up(database_url: str) -> None:
    first, second = open_database(database_url), open_database(database_url)
    with first.begin() as conn:
        conn.execute(text("SELECT 1"))
        with pytest.raises(DatabaseUnavailable, match="locked"), second.begin() as other:
            other.execute(text("SELECT 1"))
    first.close()
    second.close()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_reader_of_sqlite_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="readonly"), database.read() as conn:
        conn.execute(text("DELETE FROM job"))


def test_an_urgent_writer_goes_before_those_that_came_earlier() -> None:
    gate = WriterGate()
    order: list[str] = []
    waiting = threading.Barrier(3)

    def write(name: str, *, urgent: bool) -> None:
        waiting.wait()
        with gate.hold(urgent=urgent, timeout_s=30):
            order.append(name)

    threads = [
        threading.Thread(target=write, args=("report",), kwargs={"urgent": False}),
        threading.Thread(target=write, args=("beat",), kwargs={"urgent": True}),
    ]
    with gate.hold(urgent=False, timeout_s=1):
        for thread in threads:
            thread.start()
        waiting.wait()
        while gate._urgent_waiting == 0:
            pass
    for thread in threads:
        thread.join()
    assert order == ["beat", "report"]


def test_a_gate_that_stays_shut_is_given_up() -> None:
    gate = WriterGate()
    with gate.hold(urgent=False, timeout_s=1), pytest.raises(GateTimeout), gate.hold(urgent=True, timeout_s=0.01):
        pass
