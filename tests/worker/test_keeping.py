"""What a job made is listed with its bytes, or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from db import garbage
from db.blobs import GRACE_S
from db.engine import Database
from db.transitions import Claim, Ending
from reconciler.collect import Collector
from storage import FolderStore
from tests.factories import claim, make_project, submit
from trainshed.states import AttemptOutcome
from worker.attempt import Attempt, AttemptKit, Noticed
from worker.cache import DataCache
from worker.launch.launcher import Launcher
from worker.logs import LogCarrier
from worker.plan import plan_worker
from worker.reporter import Reporter
from worker.settings import WorkerSettings
from worker.slots import Share
from worker.spool import Spool
from worker.tally import Tally

ENDING = Ending(AttemptOutcome.SUCCEEDED, "Completed.")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def won(database: Database) -> Claim:
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        return claim(conn)


@pytest.fixture
def attempt(database: Database, store: FolderStore, won: Claim, tmp_path: Path) -> Attempt:
    """An attempt whose job has ended and left a file."""
    settings = WorkerSettings(database_url=SecretStr("unused"), spool=tmp_path / "spool", slots=1)
    kit = AttemptKit(
        database=database,
        store=store,
        cache=DataCache(tmp_path / "cache", store, most_bytes=0),
        launcher=Launcher(warm=False),
        spool=Spool(tmp_path / "spool", won.lease.owner),
        settings=settings,
        plan=plan_worker(settings),
        tally=Tally(),
        worker_name="a",
        leaving=threading.Event(),
    )
    made = Attempt(won, Share(1.0, 2**30, 0), Noticed("poll", 0.0), kit)
    made._folder.make()
    (made._folder.output / "model.keras").write_bytes(b"weights")
    return made


def conclude(attempt: Attempt, ending: Ending, files: tuple) -> str:
    carrier = LogCarrier(attempt.lease, attempt._folder.log)
    try:
        moved = attempt._conclude(Reporter(attempt._kit.database, attempt.lease, carrier), carrier, ending, files)
    finally:
        carrier.close()
    assert moved is not None
    return moved.state.value


def listed(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.execute(text("SELECT sha256 FROM artifact")).scalars())


def take_all_away(database: Database, store: FolderStore) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE blob SET touched_at = touched_at - :grace"), {"grace": GRACE_S + 1})
    collector = Collector(database, store)
    assert sum(collector.run_once().blobs for _ in range(256)) == 1


def test_what_was_collected_is_listed_and_there(database: Database, store: FolderStore, attempt: Attempt) -> None:
    ending, files = attempt._collect(ENDING)
    assert conclude(attempt, ending, files) == "succeeded"
    (digest,) = listed(database)
    assert b"".join(store.open(digest)) == b"weights"


def test_bytes_that_are_lost_before_they_are_named_fail_the_attempt_and_it_is_tried_again(
    database: Database, store: FolderStore, attempt: Attempt
) -> None:
    ending, files = attempt._collect(ENDING)
    take_all_away(database, store)
    assert conclude(attempt, ending, files) == "queued"
    assert listed(database) == []
    with database.read() as conn:
        (row,) = conn.execute(text("SELECT outcome, message FROM attempt")).all()
    assert row.outcome == "storage_failed"
    assert "could not be stored" in row.message


def test_bytes_that_are_taken_away_while_they_are_stored_are_stored_again(
    database: Database, store: FolderStore, attempt: Attempt
) -> None:
    attempt._collect(ENDING)  # an earlier job left the same bytes, and nothing names them
    with database.begin() as conn:
        conn.execute(text("UPDATE blob SET touched_at = touched_at - :grace"), {"grace": GRACE_S + 1})
        (marked,) = garbage.mark(conn, "0", "g", limit=1)
    threading.Timer(0.3, lambda: finish(database, store, marked)).start()
    ending, files = attempt._collect(ENDING)
    assert conclude(attempt, ending, files) == "succeeded"
    assert b"".join(store.open(marked.sha256)) == b"weights"


def finish(database: Database, store: FolderStore, marked: garbage.Marked) -> None:
    store.delete(marked.sha256)
    with database.begin() as conn:
        garbage.forget(conn, marked)
