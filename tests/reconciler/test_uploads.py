"""The duty that gives up uploads which stand still, on both databases."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from db import blobs, uploads
from db.engine import Database
from db.uploads import VALID_S, NewUpload
from reconciler import uploads as duty
from tests.factories import PROJECT, make_project

DIGEST = "0" * 64
NEW = NewUpload("upl_a", PROJECT, "digits", "digits.npz", 3, DIGEST, 2, "key_test")


def test_an_upload_that_stood_still_for_a_day_goes_with_its_parts_and_no_other(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)
        assert blobs.touch(conn, DIGEST, 2)
        for upload_id in ("upl_a", "upl_b"):
            uploads.make(conn, replace(NEW, id=upload_id))
            uploads.put_part(conn, upload_id, 1, sha256=DIGEST, size=2)
        conn.execute(text("UPDATE upload SET touched_at = touched_at - :s + 60"), {"s": VALID_S})
    assert duty.run_once(database).expired == 0
    with database.begin() as conn:
        assert uploads.touch(conn, PROJECT, "upl_b") is not None  # a part came
        conn.execute(text("UPDATE upload SET touched_at = touched_at - 61"))
    assert duty.run_once(database).expired == 1
    assert duty.run_once(database).expired == 0
    with database.read() as conn:
        left = conn.execute(text("SELECT upload.id, upload_id FROM upload JOIN upload_part ON upload_id = id")).all()
        assert [tuple(row) for row in left] == [("upl_b", "upl_b")]
