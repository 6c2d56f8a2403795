"""Log bytes reach the database once, in order, also from a worker that died. On both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import Database
from db.leases import Lease
from db.transitions import Claim
from tests.factories import claim, end, make_project, submit
from trainshed.states import AttemptOutcome
from worker.logs import LogCarrier, hand_in
from worker.spool import Spool


@pytest.fixture
def lease(database: Database) -> Lease:
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        return claim(conn).lease


def stored(database: Database) -> bytes:
    with database.read() as conn:
        chunks = conn.execute(text("SELECT data FROM log_chunk ORDER BY attempt, start")).scalars()
        return b"".join(bytes(chunk) for chunk in chunks)


def test_a_log_longer_than_a_turn_arrives_whole(database: Database, lease: Lease, tmp_path: Path) -> None:
    written = bytes(range(256)) * 12_000
    path = tmp_path / "log"
    path.write_bytes(written)
    carrier = LogCarrier(lease, path)
    carrier.finish(database)
    carrier.close()
    assert stored(database) == written


def test_a_commit_that_seemed_to_fail_doubles_nothing(database: Database, lease: Lease, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first")
    carrier = LogCarrier(lease, path)
    with database.begin() as conn:
        carrier.store(conn, carrier.read())  # committed, but the carrier was not told
    with path.open("ab") as log:
        log.write(b" second")
    carrier.finish(database)
    carrier.close()
    assert stored(database) == b"first second"


def test_what_a_dead_worker_left_on_the_disk_is_handed_in_by_the_next_one(
    database: Database, lease: Lease, tmp_path: Path
) -> None:
    dead = Spool(tmp_path, lease.owner)
    folder = dead.folder(lease)
    folder.make()
    folder.log.write_bytes(b"its last words")
    with database.begin() as conn:
        row = conn.execute(text("SELECT hb FROM job")).one()
        assert row.hb
    next_one = Spool(tmp_path, "wrk_next")
    assert list(next_one.abandoned()) == []  # the lock is still held
    dead.close()  # leaves the folder, since an attempt is in it

    for _, attempts in next_one.abandoned():
        for attempt in attempts:
            hand_in(database, attempt.lease, attempt.log)
    assert stored(database) == b"its last words"
    next_one.close()


def test_a_closed_attempt_still_takes_its_last_bytes_from_its_own_worker(
    database: Database, lease: Lease, tmp_path: Path
) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE attempt SET log_bytes = 0"))
    path = tmp_path / "log"
    path.write_bytes(b"late")
    with database.begin() as conn:
        won = Claim(lease, "prj_test", "command", {}, None, None, 0, 0.0, 0.0, 0.0, 0.0, more=False)
        end(conn, won, AttemptOutcome.WORKER_LOST)
    hand_in(database, lease, path)
    assert stored(database) == b"late"
    hand_in(database, Lease(lease.job_id, lease.attempt, "wrk_other"), path)
    assert stored(database) == b"late"


def test_of_a_log_without_end_the_beginning_is_kept_with_a_line_that_says_so(
    database: Database, lease: Lease, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 1000)
    carrier = LogCarrier(lease, path, most_bytes=1000)
    carrier.finish(database)
    assert stored(database) == b"x" * 1000
    for _ in range(3):  # the job goes on printing
        with path.open("ab") as log:
            log.write(b"y" * 600_000)
        carrier.finish(database)
    carrier.close()
    assert stored(database) == b"x" * 1000 + b"\n[the log ends here: more than 1000 bytes are not kept]\n"
    assert path.stat().st_size == 1001


def test_a_dead_workers_log_without_end_is_handed_in_with_the_same_line(
    database: Database, lease: Lease, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 1500)
    carrier = LogCarrier(lease, path, most_bytes=1000)
    with database.begin() as conn:
        carrier.store(conn, carrier.read())  # its worker was killed behind it
    carrier.close()
    hand_in(database, lease, path, most_bytes=1000)
    assert stored(database) == b"x" * 1000 + b"\n[the log ends here: more than 1000 bytes are not kept]\n"


def test_a_database_that_lost_what_it_had_gets_all_of_it_again(
    database: Database, lease: Lease, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first second")
    carrier = LogCarrier(lease, path)
    carrier.stored(6)  # as it was before the database was restored
    carrier.finish(database)
    carrier.close()
    assert stored(database) == b"first second"
