"""Garbage is collected, and nothing that anybody names or is about to name, wherever the two meet."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db import blobs, reports
from db.blobs import GRACE_S, BlobsLost
from db.engine import Database, DatabaseUnavailable, open_database
from db.garbage import TAKE_OVER_S
from db.leases import Lease
from db.reports import MadeFile
from reconciler.collect import ORPHAN_GRACE_S, Collector, Step
from storage import BlobRef, BucketStore, FolderStore, Store
from storage.blobs import key_of
from tests.factories import claim, make_project, submit
from tests.reconciler.pauses import Runner

CONTENT = b"weights" * 1_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PREFIX = DIGEST[:2]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def lease(database: Database) -> Lease:
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        return claim(conn).lease


def keep(database: Database, store: Store, content: bytes) -> BlobRef:
    return blobs.store_for_keeps(database, lambda: store.put_file(io.BytesIO(content)), store.exists)


def name(database: Database, lease: Lease, blob: BlobRef, path: str = "model.keras") -> None:
    with database.begin() as conn:
        reports.add_artifacts(conn, lease, [MadeFile(path, blob.digest, blob.size, "text/plain")])


def age(database: Database, seconds: float = GRACE_S + 1) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE blob SET touched_at = touched_at - :seconds"), {"seconds": seconds})


def rows(database: Database) -> dict[str, bool]:
    with database.read() as conn:
        return {row.sha256: bool(row.deleting) for row in conn.execute(text("SELECT sha256, deleting FROM blob"))}


def make_orphan(store: FolderStore, content: bytes, *, age_s: float = ORPHAN_GRACE_S + 1) -> str:
    digest = store.put_file(io.BytesIO(content)).digest
    os.utime(store.root / key_of(digest), (time.time() - age_s,) * 2)
    return digest


def test_what_nothing_names_goes_after_the_grace_and_not_before(database: Database, store: FolderStore) -> None:
    keep(database, store, CONTENT)
    assert Collector(database, store).collect(PREFIX).blobs == 0
    age(database)
    counts = Collector(database, store).collect(PREFIX)
    assert (counts.blobs, counts.orphans, counts.bytes) == (1, 0, len(CONTENT))
    assert not store.exists(DIGEST)
    assert rows(database) == {}


@pytest.mark.parametrize(
    "naming",
    [
        "INSERT INTO artifact VALUES (:job_id, 'a', :sha256, 'text/plain', 1, 0)",
        "UPDATE attempt SET log_sha256 = :sha256",
        """INSERT INTO dataset_version (dataset_id, version, sha256, size, filename, created_by, created_at)
           VALUES ('dst_a', 1, :sha256, 1, 'a', 'key', 0)""",
        "INSERT INTO upload_part VALUES ('upl_a', 1, :sha256, 1)",
    ],
    ids=["artifact", "log", "dataset", "upload"],
)
def test_what_is_named_stays_however_old_it_is(
    database: Database, store: FolderStore, lease: Lease, naming: str
) -> None:
    keep(database, store, CONTENT)
    with database.begin() as conn:
        conn.execute(text("INSERT INTO dataset VALUES ('dst_a', 'prj_test', 'a', 1, 0)"))
        conn.execute(
            text(
                "INSERT INTO upload (id, project_id, dataset, filename, size, sha256, part_size, created_by,"
                " created_at, touched_at) VALUES ('upl_a', 'prj_test', 'a', 'a', 1, 'x', 1, 'key', 0, 0)"
            )
        )
        values = {"sha256": DIGEST, "job_id": lease.job_id}
        conn.execute(text(naming), {key: value for key, value in values.items() if f":{key}" in naming})
    age(database)
    assert Collector(database, store).collect(PREFIX).blobs == 0
    assert b"".join(store.open(DIGEST)) == CONTENT


def test_runs_go_through_all_slices(database: Database, store: FolderStore) -> None:
    for number in range(40):
        keep(database, store, b"%d" % number)
    age(database)
    collector = Collector(database, store)
    assert sum(collector.run_once().blobs for _ in range(256)) == 40
    assert rows(database) == {}


# --- orphans ---


def test_old_bytes_without_a_row_go_and_young_ones_stay(database: Database, store: FolderStore, lease: Lease) -> None:
    name(database, lease, keep(database, store, b"something that is named"))
    digest = make_orphan(store, CONTENT, age_s=ORPHAN_GRACE_S - 60)
    assert Collector(database, store).collect(PREFIX).orphans == 0
    counts = Collector(database, store, clock=lambda: time.time() + 120).collect(PREFIX)
    assert (counts.blobs, counts.orphans) == (1, 1)
    assert not store.exists(digest)
    assert DIGEST not in rows(database)


def test_orphans_of_a_store_that_may_be_the_wrong_one_stay(database: Database, store: FolderStore) -> None:
    make_orphan(store, CONTENT)
    assert Collector(database, store).collect(PREFIX).blobs == 0
    assert store.exists(DIGEST)


def test_orphans_in_a_bucket_are_collected_too(database: Database, lease: Lease) -> None:
    from obstore.store import MemoryStore  # noqa: PLC0415

    store = BucketStore(MemoryStore())
    name(database, lease, keep(database, store, b"something that is named"))
    store.put_file(io.BytesIO(CONTENT))
    later = Collector(database, store, clock=lambda: time.time() + ORPHAN_GRACE_S + 60)
    assert later.collect(PREFIX).orphans == 1
    assert not store.exists(DIGEST)


# --- races ---

COLLECTOR_STOPS = (Step.LISTED, Step.MARKED, Step.ASKED, Step.DELETED)
WRITER_STOPS = ("put", "touched", "kept")


@pytest.fixture(params=["garbage", "orphan"])
def left_behind(request: pytest.FixtureRequest, database: Database, store: FolderStore, lease: Lease) -> str:
    """Bytes to be collected, with a row or without, that somebody is about to store again."""
    name(database, lease, keep(database, store, b"something that is named"), "other")
    if request.param == "orphan":
        return make_orphan(store, CONTENT)
    keep(database, store, CONTENT)
    age(database)
    return DIGEST


def collecting(database: Database, store: Store) -> Callable[[Callable[[str], None]], object]:
    return lambda stop: Collector(database, store, at=stop).collect(PREFIX)


def storing(database: Database, store: Store, lease: Lease) -> Callable[[Callable[[str], None]], object]:
    def story(stop: Callable[[str], None]) -> None:
        def put() -> BlobRef:
            blob = store.put_file(io.BytesIO(CONTENT))
            stop("put")
            return blob

        def exists(digest: str) -> bool:
            stop("touched")
            return store.exists(digest)

        blob = blobs.store_for_keeps(database, put, exists)
        stop("kept")
        name(database, lease, blob)

    return story


def assert_complete(database: Database, store: Store) -> None:
    assert rows(database)[DIGEST] is False
    assert b"".join(store.open(DIGEST)) == CONTENT
    age(database)
    assert Collector(database, store).collect(PREFIX).blobs == 0
    assert b"".join(store.open(DIGEST)) == CONTENT


@pytest.mark.parametrize("writer_stops", WRITER_STOPS)
@pytest.mark.parametrize("collector_stops", COLLECTOR_STOPS)
@pytest.mark.usefixtures("left_behind")
def test_bytes_that_are_stored_again_while_they_are_collected_are_complete_in_the_end(
    database: Database, store: FolderStore, lease: Lease, collector_stops: Step, writer_stops: str
) -> None:
    collector = Runner(collecting(database, store), until=collector_stops).start()
    writer = Runner(storing(database, store, lease), until=writer_stops)
    thread = threading.Thread(target=writer.start)
    thread.start()
    thread.join(0.3)  # it may have to wait for the collector before it comes there
    collector.finish()
    thread.join()
    writer.finish()
    assert_complete(database, store)


@pytest.mark.parametrize("collector_stops", COLLECTOR_STOPS)
@pytest.mark.parametrize("writer_stops", WRITER_STOPS)
@pytest.mark.usefixtures("left_behind")
def test_bytes_whose_collection_begins_while_they_are_stored_again_are_complete_in_the_end(
    database: Database, store: FolderStore, lease: Lease, collector_stops: Step, writer_stops: str
) -> None:
    writer = Runner(storing(database, store, lease), until=writer_stops).start()
    collector = Runner(collecting(database, store), until=collector_stops).start()
    writer.may_finish()
    collector.finish()
    writer.finish()
    assert_complete(database, store)


@pytest.mark.usefixtures("left_behind")
def test_a_collector_that_was_taken_for_dead_deletes_nothing_when_it_goes_on(
    database: Database, store: FolderStore, lease: Lease
) -> None:
    slow = Runner(collecting(database, store), until=Step.MARKED).start()
    age(database, TAKE_OVER_S + 1)
    assert Collector(database, store).collect("00").blobs == 1
    name(database, lease, keep(database, store, CONTENT))
    slow.finish()
    assert_complete(database, store)


@pytest.mark.usefixtures("left_behind")
def test_a_collector_that_was_taken_for_dead_forgets_no_mark_of_another(
    database: Database, store: FolderStore, lease: Lease
) -> None:
    slow = Runner(collecting(database, store), until=Step.DELETED).start()
    age(database, TAKE_OVER_S + 1)
    second = Runner(collecting(database, store), until=Step.ASKED).start()
    slow.finish()
    assert rows(database)[DIGEST] is True
    second.finish()
    assert DIGEST not in rows(database)


@pytest.mark.parametrize("step", [Step.MARKED, Step.ASKED, Step.DELETED])
@pytest.mark.usefixtures("left_behind")
def test_what_a_killed_collector_left_is_taken_up_by_the_next_one(
    database: Database, database_url: str, store: FolderStore, lease: Lease, step: Step
) -> None:
    program = (
        "import os, sys; from pathlib import Path; from db.engine import open_database\n"
        "from storage import FolderStore; from reconciler.collect import Collector\n"
        "url, root, prefix, last = sys.argv[1:]\n"
        "die = lambda step: os._exit(9) if step == last else None\n"
        "Collector(open_database(url), FolderStore(Path(root)), at=die).collect(prefix)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, database_url, store.root, PREFIX, step], check=False)
    assert done.returncode == 9
    assert rows(database)[DIGEST] is True
    assert Collector(database, store).collect(PREFIX).blobs == 0  # it may be alive
    age(database, TAKE_OVER_S + 1)
    assert Collector(database, store).collect("00").blobs == 1
    assert DIGEST not in rows(database)
    assert not store.exists(DIGEST)
    name(database, lease, keep(database, store, CONTENT))
    assert_complete(database, store)


def test_a_name_for_bytes_that_are_being_taken_away_is_refused(
    database: Database, store: FolderStore, lease: Lease
) -> None:
    blob = keep(database, store, CONTENT)
    age(database)
    collector = Runner(collecting(database, store), until=Step.MARKED).start()
    with pytest.raises(BlobsLost, match=DIGEST):
        name(database, lease, blob)
    collector.finish()
    with pytest.raises(BlobsLost, match=DIGEST):
        name(database, lease, blob)
    with database.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM artifact")).scalar_one() == 0


def test_a_mark_waits_for_who_is_writing_a_name_and_then_sees_it(
    database: Database, database_url: str, store: FolderStore, lease: Lease
) -> None:
    """Two committed sessions: the name is written, and not yet committed, when the mark looks."""
    blob = keep(database, store, CONTENT)
    age(database)
    other = open_database(database_url)
    collector = Runner(collecting(other, store), until=Step.LISTED).start()
    with database.begin() as conn:
        reports.add_artifacts(conn, lease, [MadeFile("model.keras", blob.digest, blob.size, "text/plain")])
        collector.may_finish()  # Postgres passes over the locked row; SQLite waits for the commit
    collector.finish()
    assert_complete(database, store)
    other.close()


def change(mine: Database, sql: str, it: str) -> None:
    with mine.begin() as conn:
        conn.execute(text(sql), {"it": it})


def patiently(move: Callable[..., Any], *arguments: Any) -> Any:
    """Do it again while the database is too busy, as all do who write: nothing was committed then."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return move(*arguments)
        except DatabaseUnavailable:
            if time.monotonic() > deadline:
                raise


class Crowd:
    """Writers and collectors, each a thread with a database of its own, at the same few contents."""

    def __init__(self, url: str, store: FolderStore, lease: Lease) -> None:
        self.contents = [bytes([number]) * 10_000 for number in range(3)]
        self.collected = 0
        self.failures: list[BaseException] = []
        self._url = url
        self._store = store
        self._lease = lease
        self._over = threading.Event()

    def run(self, *, writers: int, collectors: int) -> None:
        """Return when the writers are done."""
        collecting = [self._start(self._collect) for _ in range(collectors)]
        for writing in [self._start(self._write, random.Random(number)) for number in range(writers)]:
            writing.join()
        self._over.set()
        for thread in collecting:
            thread.join()

    def _start(self, story: Callable[..., None], *arguments: object) -> threading.Thread:
        def run() -> None:
            mine = open_database(self._url, patience_s=30)
            try:
                story(mine, *arguments)
            except BaseException as error:  # noqa: BLE001 - the test looks at it
                self.failures.append(error)
            finally:
                mine.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def _write(self, mine: Database, chance: random.Random) -> None:
        """Store, name, and take the name back; the last name stays."""
        for turn in range(25):
            blob = patiently(keep, mine, self._store, chance.choice(self.contents))
            path = f"{id(chance)}/{turn}"
            with suppress(BlobsLost):
                patiently(name, mine, self._lease, blob, path)
            if turn < 24:
                patiently(change, mine, "DELETE FROM artifact WHERE path = :it", path)

    def _collect(self, mine: Database) -> None:
        digests = [hashlib.sha256(content).hexdigest() for content in self.contents]
        older = "UPDATE blob SET touched_at = touched_at - 4000 WHERE sha256 = :it AND NOT deleting"
        while not self._over.is_set():
            for digest in digests:
                patiently(change, mine, older, digest)  # one row at a time: two of these must not wait for each other
                self.collected += patiently(Collector(mine, self._store).collect, digest[:2]).blobs


def test_many_writers_and_collectors_leave_every_name_with_its_bytes(
    database: Database, database_url: str, store: FolderStore, lease: Lease
) -> None:
    """The grace is taken away from under the writers: a name may be refused then, and never be without bytes."""
    crowd = Crowd(database_url, store, lease)
    crowd.run(writers=3, collectors=2)
    assert crowd.failures == []
    assert crowd.collected > 0
    with database.read() as conn:
        listed = conn.execute(text("SELECT DISTINCT sha256 FROM artifact")).scalars().all()
    assert {hashlib.sha256(b"".join(store.open(digest))).hexdigest() for digest in listed} == set(listed)
