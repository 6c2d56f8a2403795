"""What a running job is asked to do. A request is no move: it is kept in the row, and the next heartbeat carries it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from db.sql import Statement
from db.transitions import By, record

_REQUEST_CANCEL: Final = Statement("""
    UPDATE job SET request = 'cancel', reason = 'cancelling', message = 'Is being cancelled.',
        event_seq = event_seq + 1, version = version + 1
    WHERE id = :job_id AND state = 'running' AND (request IS NULL OR request <> 'cancel')
    RETURNING id
""")


_REQUEST_PAUSE: Final = Statement("""
    UPDATE job SET request = 'pause', reason = 'pausing', message = 'Is being paused.',
        event_seq = event_seq + 1, version = version + 1
    WHERE id = :job_id AND state = 'running' AND request IS NULL
    RETURNING id
""")


def request_cancel(conn: Connection, job_id: str, by: By) -> bool:
    """Ask a running job to end. False: it does not run, or has been asked already."""
    if _REQUEST_CANCEL.run(conn, job_id=job_id).one_or_none() is None:
        return False
    record(conn, job_id, "cancel_requested", by)
    return True


def request_pause(conn: Connection, job_id: str, by: By) -> bool:
    """Ask a running job to stop and keep its state. False: it does not run, or has been asked for something already."""
    if _REQUEST_PAUSE.run(conn, job_id=job_id).one_or_none() is None:
        return False
    record(conn, job_id, "pause_requested", by)
    return True
