"""Each kind of damage is found and named, and a sound installation is found to be sound."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from db import blobs, reports
from db.engine import Database
from db.queries.invariants import INVARIANTS
from db.reports import MadeFile
from reconciler.check import Finding, Pace, check_database, check_digests, check_store
from storage import FolderStore
from storage.blobs import key_of
from tests.factories import claim, end, make_project, submit
from tests.reconciler.test_collect import keep, make_orphan

CHECKS = r"SELECT conname FROM pg_constraint WHERE conrelid = 'job'\:\:regclass AND contype = 'c'"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture(autouse=True)
def _world(database: Database, store: FolderStore) -> None:
    """A finished job with a log and a file, a running one, and one that waits."""
    blob = keep(database, store, b"weights")
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        won = claim(conn)
        reports.append_log(conn, won.lease, start=0, data=b"hello\n")
        reports.add_artifacts(conn, won.lease, [MadeFile("model", blob.digest, blob.size, "text/plain")])
        end(conn, won)
        submit(conn)
        running = claim(conn)
        reports.append_log(conn, running.lease, start=0, data=b"runs\n")
        submit(conn, needs=(running.lease.job_id,))


@contextmanager
def unchecked(database: Database) -> Iterator[Connection]:
    """A connection that may do damage: constraints and triggers are not looked at."""
    with database.writer.connect() as conn:
        if database.dialect == "postgresql":
            conn.execute(text("SET session_replication_role = replica"))
            for (name,) in conn.execute(text(CHECKS)):
                conn.execute(text(f"ALTER TABLE job DROP CONSTRAINT {name}"))
        else:
            conn.commit()
            raw = conn.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute("PRAGMA ignore_check_constraints = ON")
        yield conn
        conn.commit()
        conn.invalidate()


def codes(database: Database) -> list[str]:
    return [finding.code for finding in check_database(database)]


def store_findings(database: Database, store: FolderStore) -> list[Finding]:
    return list(check_store(database, store, now=time.time()))


def test_a_sound_installation_has_no_findings(database: Database, store: FolderStore) -> None:
    assert codes(database) == []
    assert store_findings(database, store) == []
    assert list(check_digests(database, store, limit=None, tell=print)) == []


DAMAGE = {
    "job_without_attempt": "UPDATE attempt SET outcome = 'crashed', ended_at = 1 WHERE outcome = 'running'",
    "attempt_left_open": "UPDATE attempt SET outcome = 'running', ended_at = NULL",
    "job_without_end": "UPDATE job SET finished_at = NULL WHERE state = 'succeeded'",
    "job_without_event": "DELETE FROM event WHERE type = 'finish'",
    "job_not_reaped": "UPDATE job SET lease_expires_at = lease_expires_at - 100 WHERE state = 'running'",
    "job_not_unblocked": "DELETE FROM dependency",
    "name_without_blob": "DELETE FROM blob",
    "log_incomplete": "DELETE FROM log_chunk WHERE job_id = (SELECT id FROM job WHERE state = 'running')",
    "blob_stuck": "INSERT INTO blob VALUES ('x', 1, 0, 0, TRUE)",
    "idempotency_key_expired": "INSERT INTO idempotency_key (project_id, key, request_sha256, job_id, response,"
    " created_at) VALUES ('prj_test', 'old', '', '', '', 0)",
}


def test_there_is_damage_for_each_invariant() -> None:
    assert [invariant.code for invariant in INVARIANTS] == list(DAMAGE)


@pytest.mark.parametrize("code", DAMAGE)
def test_damage_is_found_and_named(database: Database, code: str) -> None:
    with unchecked(database) as conn:
        conn.execute(text(DAMAGE[code]))
    found = codes(database)
    assert set(found) - {"database_damaged"} == {code}, found
    finding = next(finding for finding in check_database(database) if finding.code == code)
    assert finding.subject
    assert finding.remedy


def test_a_name_for_a_blob_that_is_being_taken_away_is_found(database: Database) -> None:
    with unchecked(database) as conn:
        conn.execute(text("UPDATE blob SET deleting = TRUE"))
    assert codes(database) == ["name_without_blob"]


def test_a_log_that_lost_its_end_is_found(database: Database) -> None:
    with unchecked(database) as conn:
        conn.execute(text("UPDATE attempt SET log_bytes = log_bytes + 1 WHERE outcome = 'succeeded'"))
    assert codes(database) == ["log_incomplete"]


def test_a_log_that_was_removed_by_retention_is_no_finding(database: Database) -> None:
    with unchecked(database) as conn:
        conn.execute(text("DELETE FROM log_chunk WHERE job_id = (SELECT id FROM job WHERE state = 'succeeded')"))
    assert codes(database) == []


def test_more_findings_than_can_be_shown_are_cut_short(database: Database) -> None:
    with database.begin() as conn:
        for number in range(150):
            conn.execute(text("INSERT INTO blob VALUES (:sha256, 1, 0, 0, TRUE)"), {"sha256": f"{number:064x}"})
    findings = list(check_database(database))
    assert len(findings) == 101
    assert findings[-1].subject == "..."


def test_a_schema_of_another_version_is_the_only_finding(database: Database) -> None:
    with unchecked(database) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        conn.execute(text("DELETE FROM event"))
    assert codes(database) == ["schema"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_row_that_names_none_is_found_by_sqlite_itself(database: Database) -> None:
    with unchecked(database) as conn:
        conn.execute(text("DELETE FROM project"))
    messages = [finding.message for finding in check_database(database) if finding.code == "database_damaged"]
    assert messages
    assert all("names a row of project" in message for message in messages)


# --- the store ---


def test_missing_bytes_are_found(database: Database, store: FolderStore) -> None:
    name_another(database, store)
    path = blob_path_of_model(database, store)
    path.unlink()
    assert [finding.code for finding in store_findings(database, store)] == ["blob_missing"]


def name_another(database: Database, store: FolderStore) -> None:
    """So that the store is known to be the right one."""
    blob = keep(database, store, b"other weights")
    with database.begin() as conn:
        listed = "INSERT INTO artifact SELECT id, 'a', :sha256, 'text/plain', 1, 0 FROM job"
        conn.execute(text(listed), {"sha256": blob.digest})


def blob_path_of_model(database: Database, store: FolderStore) -> Path:
    with database.read() as conn:
        digest = conn.execute(text("SELECT sha256 FROM artifact WHERE path = 'model'")).scalar_one()
    return store.root / key_of(digest)


def test_a_store_without_any_of_our_blobs_is_taken_for_the_wrong_one(database: Database, tmp_path: Path) -> None:
    findings = store_findings(database, FolderStore(tmp_path / "wrong"))
    assert [finding.code for finding in findings] == ["store_wrong"]


def test_bytes_that_were_cut_short_are_found(database: Database, store: FolderStore) -> None:
    damage(blob_path_of_model(database, store), b"wei")
    (finding,) = store_findings(database, store)
    assert finding.code == "blob_cut"
    assert "3 bytes" in finding.message


def damage(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


def test_bytes_that_are_others_are_found_by_reading_them(database: Database, store: FolderStore) -> None:
    told: list[Pace] = []
    damage(blob_path_of_model(database, store), b"WEIGHTS")
    assert store_findings(database, store) == []
    (finding,) = check_digests(database, store, limit=None, tell=told.append)
    assert finding.code == "blob_corrupt"
    assert told == [Pace(1, 1, 7)]


def test_the_reading_stops_at_its_limit(database: Database, store: FolderStore) -> None:
    told: list[Pace] = []
    name_another(database, store)
    assert list(check_digests(database, store, limit=1, tell=told.append)) == []
    assert [(pace.blobs, pace.of) for pace in told] == [(1, 1)]


def test_orphans_are_counted_once_their_time_is_long_over(database: Database, store: FolderStore) -> None:
    make_orphan(store, b"nobody knows me")
    assert list(check_store(database, store, now=time.time())) == []  # the collector may be at it
    (finding,) = check_store(database, store, now=time.time() + 86_400)
    assert finding.code == "orphans"
    assert "1 blobs (15 bytes)" in finding.message


def test_what_nothing_names_needs_no_bytes(database: Database, store: FolderStore) -> None:
    blobs.keep(database, {"f" * 64: 1}, patience_s=0)
    assert store_findings(database, store) == []
