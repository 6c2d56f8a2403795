"""The loop runs every duty, and a store that hangs keeps no job waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db import reports, retention
from db.engine import Database
from db.retention import Policy, Rule
from reconciler.compact import QUIET_S
from reconciler.loop import Reconciler
from storage import FolderStore, StoredBlob, StoreUnavailable
from tests.factories import claim, end, make_project, submit
from tests.servers import ValkeyServer, wait_until
from worker.dispatch import Publisher


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)


@pytest.fixture
def publisher(valkey: ValkeyServer) -> Iterator[Publisher]:
    made = Publisher(valkey.url)
    made.start()
    yield made
    made.close()


def running(reconciler: Reconciler, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=reconciler.run, args=(stop,), daemon=True)
    thread.start()
    return thread


def late_job(database: Database) -> str:
    with database.begin() as conn:
        job_id = submit(conn, queue_timeout_s=1.0)
        conn.execute(text("UPDATE job SET queued_at = queued_at - 2 WHERE id = :id"), {"id": job_id})
    return job_id


def state(database: Database, job_id: str) -> str | None:
    with database.read() as conn:
        return conn.execute(text("SELECT state FROM job WHERE id = :id"), {"id": job_id}).scalar_one_or_none()


def test_a_store_that_hangs_or_fails_keeps_no_job_waiting(
    database: Database, publisher: Publisher, tmp_path: Path
) -> None:
    hangs, goes_on = threading.Event(), threading.Event()

    class Hanging(FolderStore):
        def scan(self, prefix: str) -> Iterator[StoredBlob]:
            hangs.set()
            assert goes_on.wait(60)
            raise StoreUnavailable("the bucket is away")

    stop = threading.Event()
    thread = running(Reconciler(database, publisher, store=Hanging(tmp_path)), stop)
    assert hangs.wait(30)
    job_id = late_job(database)
    wait_until(lambda: state(database, job_id) == "failed", what="the job to expire")
    goes_on.set()
    second = late_job(database)
    wait_until(lambda: state(database, second) == "failed", what="the second job to expire")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_logs_are_compacted_and_policies_carried_out(database: Database, publisher: Publisher, tmp_path: Path) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        reports.append_log(conn, won.lease, start=0, data=b"hello\n")
        end(conn, won)
        submit(conn)
        end(conn, claim(conn))
        conn.execute(text("UPDATE job SET finished_at = finished_at - :s"), {"s": QUIET_S + 1})
        conn.execute(text("UPDATE log_chunk SET at = at - :s"), {"s": QUIET_S + 1})
        retention.set_policy(conn, "prj_test", Policy(jobs=Rule(count=1)))
    stop = threading.Event()
    thread = running(Reconciler(database, publisher, store=FolderStore(tmp_path)), stop)

    def done() -> bool:
        with database.read() as conn:
            jobs = conn.execute(text("SELECT count(*) FROM job")).scalar_one()
            chunks = conn.execute(text("SELECT count(*) FROM log_chunk")).scalar_one()
        return (jobs, chunks) == (1, 0)

    wait_until(done, what="the log to be compacted and the older job to be deleted")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("collects", [True, False])
def test_garbage_is_collected_unless_the_operator_says_otherwise(
    database: Database, publisher: Publisher, tmp_path: Path, collects: bool
) -> None:
    store = FolderStore(tmp_path)
    reconciler = Reconciler(database, publisher, store=store, collect_garbage=collects)
    assert ("collect" in [duty.name for duty in reconciler._upkeep]) is collects
    assert "collect" not in [duty.name for duty in Reconciler(database, publisher)._upkeep]
