"""What keeps bytes in the store for as long as somebody needs them."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import bindparam, text

from db import blobs, garbage
from db.blobs import GRACE_S, BlobsLost
from db.engine import Database, open_database
from db.garbage import FRESH_S, TAKE_OVER_S, Marked
from db.reports import MadeFile, add_artifacts
from storage import BlobRef
from tests.factories import claim, make_project, submit
from trainshed.errors import Unavailable

A, B = "a" * 64, "b" * 64
ALL = ("0", "g")


def age(database: Database, seconds: float = GRACE_S + 1) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE blob SET touched_at = touched_at - :seconds"), {"seconds": seconds})


def mark_all(database: Database) -> list[Marked]:
    age(database)
    with database.begin() as conn:
        return garbage.mark(conn, *ALL, limit=100)


def test_a_touch_makes_the_row_and_puts_collection_off(database: Database) -> None:
    with database.begin() as conn:
        assert blobs.touch(conn, A, 7)
    age(database)
    with database.begin() as conn:
        assert blobs.touch(conn, A, 7)
        assert garbage.mark(conn, *ALL, limit=100) == []


def test_a_blob_with_a_mark_is_neither_touched_nor_held(database: Database) -> None:
    with database.begin() as conn:
        blobs.touch(conn, A, 7)
        blobs.touch(conn, B, 7)
    first = min(mark_all(database), key=lambda marked: marked.sha256)
    with database.begin() as conn:
        assert not blobs.touch(conn, A, 7)
        with pytest.raises(BlobsLost, match="2 blobs"):
            blobs.hold(conn, [B, A])
        assert garbage.forget(conn, first)
        assert blobs.touch(conn, A, 7)
        blobs.hold(conn, [A])


def test_more_blobs_than_one_statement_takes_are_held_at_once(database: Database) -> None:
    digests = [f"{number:064x}" for number in range(1_200)]
    blobs.keep(database, dict.fromkeys(digests, 1), patience_s=0)
    with database.begin() as conn:
        blobs.hold(conn, digests)
        with pytest.raises(BlobsLost, match="1 blobs"):
            blobs.hold(conn, [*digests, A])


def test_two_who_hold_the_same_blobs_in_another_order_do_not_wait_for_each_other(
    database: Database, database_url: str
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    blobs.keep(database, {A: 1, B: 1}, patience_s=0)
    other = open_database(database_url)
    with database.begin() as one, other.begin() as two:
        blobs.hold(one, [A, B])
        blobs.hold(two, [B, A])
    other.close()


def test_artifacts_are_listed_all_or_none(database: Database) -> None:
    blobs.keep(database, {A: 1}, patience_s=0)
    files = [MadeFile("kept", A, 1, "text/plain"), MadeFile("lost", B, 1, "text/plain")]
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        lease = claim(conn).lease
        with pytest.raises(BlobsLost, match=B):
            add_artifacts(conn, lease, files)
        assert conn.execute(text("SELECT count(*) FROM artifact")).scalar_one() == 0
        assert conn.execute(text("SELECT count(*) FROM blob")).scalar_one() == 1


def test_who_stores_bytes_that_are_being_taken_away_gives_up_in_time(database: Database) -> None:
    blobs.keep(database, {A: 1}, patience_s=0)
    mark_all(database)
    with pytest.raises(Unavailable, match="being removed"):
        blobs.store_for_keeps(database, lambda: BlobRef(A, 1), {A}.__contains__, patience_s=0)


def test_who_stores_bytes_that_are_being_taken_away_stores_them_once_more_when_they_are_gone(
    database: Database,
) -> None:
    blobs.keep(database, {A: 1}, patience_s=0)
    (marked,) = mark_all(database)
    there = {A}
    puts: list[str] = []
    waits = threading.Event()

    def put() -> BlobRef:
        puts.append(A)
        there.add(A)
        waits.set()
        return BlobRef(A, 1)

    writer = threading.Thread(target=lambda: blobs.store_for_keeps(database, put, there.__contains__))
    writer.start()
    assert waits.wait(30)
    there.remove(A)  # the collector deletes the bytes, then the row
    with database.begin() as conn:
        assert garbage.forget(conn, marked)
    writer.join(30)
    assert len(puts) == 2
    assert there == {A}


def test_a_mark_is_set_only_on_what_nothing_names_when_it_is_set(database: Database) -> None:
    """What was locked as garbage may have been named just before that: the mark looks again."""
    blobs.keep(database, {A: 1}, patience_s=0)
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        add_artifacts(conn, claim(conn).lease, [MadeFile("a", A, 1, "text/plain")])
    age(database)
    with database.begin() as conn:
        statement = garbage._MARK.on(conn.dialect.name).bindparams(bindparam("digests", expanding=True))
        assert conn.execute(statement, {"digests": [A], "grace_s": GRACE_S}).all() == []


def test_an_abandoned_mark_is_taken_over_once_and_no_longer_the_first_ones(database: Database) -> None:
    blobs.keep(database, {A: 1}, patience_s=0)
    (first,) = mark_all(database)
    with database.begin() as conn:
        assert garbage.is_mine(conn, first)
        assert garbage.take_over(conn) == []
    age(database, TAKE_OVER_S + 1)
    with database.begin() as conn:
        (second,) = garbage.take_over(conn)
        assert garbage.take_over(conn) == []
        assert garbage.is_mine(conn, second)
        assert not garbage.is_mine(conn, first)
        assert not garbage.forget(conn, first)
        assert garbage.forget(conn, second)


def test_a_mark_that_is_no_longer_fresh_allows_no_delete(database: Database) -> None:
    blobs.keep(database, {A: 1}, patience_s=0)
    (marked,) = mark_all(database)
    age(database, FRESH_S + 1)
    with database.read() as conn:
        aged = Marked(A, 1, conn.execute(text("SELECT touched_at FROM blob")).scalar_one())
        assert not garbage.is_mine(conn, aged)
        assert not garbage.is_mine(conn, marked)
