"""Logs of finished jobs become blobs, and no byte is lost or doubled on the way, whenever it comes."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from db import blobs, compaction, reports
from db.blobs import GRACE_S
from db.compaction import Log, Place
from db.engine import Database
from db.leases import Lease
from db.reports import MadeFile
from db.transitions import Claim
from reconciler.collect import Collector
from reconciler.compact import QUIET_S, Compactor, Counts
from storage import BlobRef, FolderStore
from tests.factories import claim, end, make_project, submit
from trainshed.states import AttemptOutcome
from worker.logs import hand_in

PIECES = [b"first\n", b"second, \xff and no text\n", b"third"]
WHOLE = b"".join(PIECES)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)


def print_(database: Database, lease: Lease, *pieces: bytes, start: int = 0) -> bool:
    for piece in pieces:
        with database.begin() as conn:
            if not reports.append_log(conn, lease, start=start, data=piece):
                return False
        start += len(piece)
    return True


def finished(database: Database, *pieces: bytes) -> Lease:
    """A job that printed something and finished some time ago."""
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
    assert print_(database, won.lease, *pieces)
    with database.begin() as conn:
        end(conn, won)
    let_time_pass(database)
    return won.lease


def let_time_pass(database: Database, seconds: float = QUIET_S + 1) -> None:
    with database.begin() as conn:
        conn.execute(
            text("UPDATE job SET finished_at = finished_at - :s WHERE finished_at IS NOT NULL"), {"s": seconds}
        )
        conn.execute(text("UPDATE log_chunk SET at = at - :s"), {"s": seconds})


def compact(database: Database, store: FolderStore) -> Counts:
    return Compactor(database, store).run_once()


def attempt_row(database: Database, lease: Lease) -> tuple[int, str | None]:
    with database.read() as conn:
        row = conn.execute(text("SELECT log_bytes, log_sha256 FROM attempt WHERE job_id = :id"), {"id": lease.job_id})
        found = row.one()
    return found.log_bytes, found.log_sha256


def read(database: Database, store: FolderStore, lease: Lease) -> bytes:
    """What a reader sees: the blob, or else the chunks up to the end that the attempt names."""
    size, sha256 = attempt_row(database, lease)
    if sha256 is not None:
        assert store.size(sha256) == size
        return b"".join(store.open(sha256))
    with database.read() as conn:
        rows = conn.execute(text("SELECT data FROM log_chunk WHERE job_id = :id ORDER BY start"), {"id": lease.job_id})
        return b"".join(bytes(row.data) for row in rows)[:size]


def chunks(database: Database) -> int:
    with database.read() as conn:
        found: int = conn.execute(text("SELECT count(*) FROM log_chunk")).scalar_one()
    return found


def artifacts(database: Database) -> dict[str, str]:
    with database.read() as conn:
        return {row.path: row.sha256 for row in conn.execute(text("SELECT path, sha256 FROM artifact"))}


def test_a_log_becomes_one_blob_that_is_listed_and_its_chunks_go(database: Database, store: FolderStore) -> None:
    lease = finished(database, *PIECES)
    assert compact(database, store) == Counts(1, len(WHOLE))
    size, sha256 = attempt_row(database, lease)
    assert (size, artifacts(database)) == (len(WHOLE), {"logs/attempt-1.log": sha256})
    assert read(database, store, lease) == WHOLE
    assert chunks(database) == 0
    assert compact(database, store) == Counts(0, 0)


def test_a_log_waits_until_its_job_has_been_finished_for_a_while(database: Database, store: FolderStore) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
    print_(database, won.lease, *PIECES)
    let_time_pass(database)
    assert compact(database, store).logs == 0  # it runs
    with database.begin() as conn:
        end(conn, won)
    assert compact(database, store).logs == 0  # it has just finished
    let_time_pass(database, QUIET_S - 60)
    assert compact(database, store).logs == 0
    let_time_pass(database, 61)
    assert compact(database, store).logs == 1


def test_many_logs_are_gone_through_past_those_that_still_run(database: Database, store: FolderStore) -> None:
    with database.begin() as conn:
        submit(conn)
        running = claim(conn).lease
    print_(database, running, b"still runs")
    leases = [finished(database, b"%d" % number) for number in range(5)]
    compactor = Compactor(database, store)
    assert compactor.run_once().logs == 5
    assert [read(database, store, lease) for lease in leases] == [b"%d" % number for number in range(5)]
    assert compactor.run_once().logs == 0
    assert read(database, store, running) == b"still runs"


def test_what_the_job_made_under_that_path_stays(database: Database, store: FolderStore) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
    print_(database, won.lease, *PIECES)
    blobs.keep(database, {"a" * 64: 1}, patience_s=0)
    with database.begin() as conn:
        reports.add_artifacts(conn, won.lease, [MadeFile("logs/attempt-1.log", "a" * 64, 1, "text/plain")])
        end(conn, won)
    let_time_pass(database)
    invent(store, "a" * 64)
    assert compact(database, store).logs == 1
    assert artifacts(database) == {"logs/attempt-1.log": "a" * 64}
    assert read(database, store, won.lease) == WHOLE


def invent(store: FolderStore, digest: str) -> None:
    """Make the blob of a digest that was invented be there."""
    path = store.root / f"blobs/sha256/{digest[:2]}/{digest[2:]}"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")


def test_a_log_larger_than_one_transaction_takes_is_whole(
    database: Database, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MOST_CHUNKS", 3)
    pieces = [b"%d " % number * number for number in range(1, 20)]
    lease = finished(database, *pieces)
    assert compact(database, store).bytes == len(b"".join(pieces))
    assert read(database, store, lease) == b"".join(pieces)
    assert chunks(database) == 0


def test_chunks_that_a_crash_left_behind_a_blob_are_dropped_later(
    database: Database, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = finished(database, *PIECES)
    with monkeypatch.context() as patch:
        patch.setattr(compaction, "MOST_CHUNKS", 1)
        patch.setattr(Compactor, "_drop_chunks", print)
        compact(database, store)
    assert chunks(database) == 2
    assert read(database, store, lease) == WHOLE
    assert compact(database, store).logs == 0
    assert chunks(database) == 0
    assert read(database, store, lease) == WHOLE


# --- bytes that come late ---


def test_late_bytes_are_taken_in_behind_the_blob_and_then_into_it(database: Database, store: FolderStore) -> None:
    lease = finished(database, *PIECES)
    compact(database, store)
    assert print_(database, lease, b"late ", b"and later", start=len(WHOLE))
    assert read(database, store, lease) == WHOLE  # until they are in a blob
    with database.read() as conn:
        assert reports.stored_log_bytes(conn, lease) == len(WHOLE) + 14
    assert compact(database, store).logs == 0  # more may come
    let_time_pass(database)
    assert compact(database, store) == Counts(1, len(WHOLE) + 14)
    assert read(database, store, lease) == WHOLE + b"late and later"
    assert artifacts(database) == {"logs/attempt-1.log": attempt_row(database, lease)[1]}
    assert chunks(database) == 0


def test_late_bytes_that_are_not_the_next_ones_or_anothers_are_refused(database: Database, store: FolderStore) -> None:
    lease = finished(database, *PIECES)
    compact(database, store)
    assert not print_(database, lease, b"again", start=0)
    assert not print_(database, lease, b"beyond", start=len(WHOLE) + 1)
    assert not print_(database, Lease(lease.job_id, 1, "wrk_other"), b"forged", start=len(WHOLE))
    assert print_(database, lease, b"late", start=len(WHOLE))
    assert not print_(database, lease, b"late", start=len(WHOLE))
    assert chunks(database) == 1


def test_a_worker_hands_in_the_rest_of_a_log_that_was_compacted(
    database: Database, store: FolderStore, tmp_path: Path
) -> None:
    lease = finished(database, *PIECES)
    compact(database, store)
    (tmp_path / "log").write_bytes(WHOLE + b"rest" * 200_000)
    hand_in(database, lease, tmp_path / "log")
    hand_in(database, lease, tmp_path / "log")  # its commit was unclear
    let_time_pass(database)
    compact(database, store)
    assert read(database, store, lease) == WHOLE + b"rest" * 200_000


def test_bytes_that_come_while_a_log_is_compacted_are_not_lost(database: Database, store: FolderStore) -> None:
    lease = finished(database, *PIECES)

    class LateStore(FolderStore):
        def put_file(self, source: object) -> BlobRef:
            blob = super().put_file(source)  # type: ignore[arg-type]
            assert print_(database, lease, b"meanwhile", start=len(WHOLE))
            return blob

    assert compact(database, LateStore(store.root)).logs == 0
    assert read(database, store, lease) == WHOLE + b"meanwhile"
    let_time_pass(database)
    assert compact(database, store).logs == 1
    assert read(database, store, lease) == WHOLE + b"meanwhile"


def test_an_append_that_races_the_last_step_is_in_the_log_whichever_comes_first(
    database: Database, store: FolderStore
) -> None:
    digest = hashlib.sha256(WHOLE).hexdigest()
    for _ in range(10):
        lease = finished(database, *PIECES)
        go = threading.Event()

        class Racing(FolderStore):
            def exists(self, asked: str, go: threading.Event = go) -> bool:
                if asked == digest:  # the blob is there, and the chunks go next
                    go.set()
                return super().exists(asked)

        def late(lease: Lease = lease, go: threading.Event = go) -> None:
            assert go.wait(30)
            assert print_(database, lease, b"late", start=len(WHOLE))

        thread = threading.Thread(target=late)
        thread.start()
        compact(database, Racing(store.root))
        thread.join()
        let_time_pass(database)
        compact(database, store)
        assert read(database, store, lease) == WHOLE + b"late"


# --- what goes wrong ---


def test_two_compactors_at_one_log_leave_it_whole(database: Database, store: FolderStore) -> None:
    leases = [finished(database, *PIECES, b"%d" % number) for number in range(6)]
    threads = [threading.Thread(target=compact, args=(database, store)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [read(database, store, lease) for lease in leases] == [WHOLE + b"%d" % number for number in range(6)]
    assert chunks(database) == 0


def test_a_blob_that_was_taken_away_again_is_not_put_in_the_place_of_the_chunks(
    database: Database, store: FolderStore
) -> None:
    lease = finished(database, *PIECES)
    place = Place(lease.job_id, 1)
    blob = blobs.store_for_keeps(database, lambda: store.put_file(_content(store)), store.exists)
    with database.begin() as conn:
        conn.execute(text("UPDATE blob SET touched_at = touched_at - :s"), {"s": GRACE_S + 1})
    assert Collector(database, store).collect(blob.digest[:2]).blobs == 1
    with pytest.raises(blobs.BlobsLost), database.begin() as conn:
        compaction.compact(
            conn, Log(place, len(WHOLE), len(WHOLE), None, settled=True), sha256=blob.digest, size=blob.size
        )
    assert read(database, store, lease) == WHOLE


def _content(store: FolderStore) -> Path:
    path = store.root.parent / "whole"
    path.write_bytes(WHOLE)
    return path


def test_a_log_with_a_hole_is_left_as_it_is(database: Database, store: FolderStore) -> None:
    finished(database, *PIECES)
    with database.begin() as conn:
        conn.execute(text("DELETE FROM log_chunk WHERE start = :start"), {"start": len(PIECES[0])})
    whole = finished(database, *PIECES)
    assert compact(database, store).logs == 1
    assert read(database, store, whole) == WHOLE
    assert chunks(database) == 2


def test_nothing_is_compacted_into_a_store_that_is_not_ours(
    database: Database, store: FolderStore, tmp_path: Path
) -> None:
    first = finished(database, *PIECES)
    compact(database, store)
    second = finished(database, b"other")
    assert compact(database, FolderStore(tmp_path / "wrong")).logs == 0
    assert read(database, store, second) == b"other"
    assert read(database, store, first) == WHOLE


def test_a_compacted_log_is_not_garbage(database: Database, store: FolderStore) -> None:
    lease = finished(database, *PIECES)
    compact(database, store)
    with database.begin() as conn:
        conn.execute(text("DELETE FROM artifact"))
        conn.execute(text("UPDATE blob SET touched_at = touched_at - :s"), {"s": GRACE_S + 1})
    collector = Collector(database, store)
    assert sum(collector.run_once().blobs for _ in range(256)) == 0
    assert read(database, store, lease) == WHOLE


def test_jobs_with_several_attempts_have_a_log_of_each(database: Database, store: FolderStore) -> None:
    def attempt(outcome: AttemptOutcome, printed: bytes) -> None:
        with database.begin() as conn:
            conn.execute(text("UPDATE job SET not_before = 0"))
            won: Claim = claim(conn)
        print_(database, won.lease, printed)
        with database.begin() as conn:
            end(conn, won, outcome)

    with database.begin() as conn:
        submit(conn)
    attempt(AttemptOutcome.WORKER_LOST, b"one")
    attempt(AttemptOutcome.SUCCEEDED, b"two")
    let_time_pass(database)
    assert compact(database, store).logs == 2
    assert sorted(artifacts(database)) == ["logs/attempt-1.log", "logs/attempt-2.log"]
