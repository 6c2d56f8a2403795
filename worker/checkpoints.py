"""Carries states of training to the store while the job goes on, and fetches those that an attempt goes on from.

The job says that it has written a state; a thread stores the bytes, and the supervisor lists them together with the
points that came before. When the job writes faster than the store takes, the states in between are left out.
"""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import structlog

from db import blobs, checkpoints
from db.checkpoints import SavedState
from db.engine import Database, DatabaseUnavailable
from db.leases import Lease
from storage import BlobCorrupt, BlobMissing, BlobRef, Store, StoreError
from trainshed.errors import Unavailable
from worker.collect import opened_plain
from worker.protocol import Saved

log = structlog.get_logger(__name__)

_PATIENCE_S: Final = 30.0
_MOST_STATES: Final = 2
"""The latest, and one more in case that the job cannot read it."""


class CheckpointCarrier:
    """Stores what one attempt announces. `announce`, `take` and `finish` belong to its supervisor's thread."""

    def __init__(self, folder: Path, lease: Lease, *, database: Database, store: Store) -> None:
        self._folder = folder
        self._database = database
        self._store = store
        self._log = log.bind(job_id=lease.job_id, attempt=lease.attempt)
        self._changed = threading.Condition()
        self._next: Saved | None = None
        self._done: list[SavedState] = []
        self._is_over = False
        self._thread: threading.Thread | None = None

    def announce(self, saved: Saved) -> None:
        """Have a state stored; one that was announced before and has not been begun is left out."""
        with self._changed:
            self._next = saved
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
            self._thread.start()

    def take(self) -> list[SavedState]:
        """Return the states that have been stored since the last call."""
        with self._changed:
            done, self._done = self._done, []
        return done

    def finish(self) -> list[SavedState]:
        """Wait until all that was announced is stored, and return it. Nothing may be announced afterwards."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        return self.take()

    def _run(self) -> None:
        while (saved := self._await_next()) is not None:
            try:
                stored = self._stored(saved)
            except (StoreError, Unavailable, DatabaseUnavailable, OSError) as error:
                # The training goes on: it can still come to its end, or write another one.
                self._log.warning("checkpoint.not_stored", step=saved.step, error=str(error))
                continue
            self._log.info("checkpoint.stored", step=saved.step, size=stored.size)
            with self._changed:
                self._done.append(stored)

    def _await_next(self) -> Saved | None:
        with self._changed:
            self._changed.wait_for(lambda: self._next is not None or self._is_over)
            saved, self._next = self._next, None
        return saved

    def _stored(self, saved: Saved) -> SavedState:
        with opened_plain(self._folder, saved.name) as file:
            put = partial(_put_whole, self._store, file)
            blob = blobs.store_for_keeps(self._database, put, self._store.exists, patience_s=_PATIENCE_S)
        return SavedState(saved.step, blob.digest, blob.size)


def _put_whole(store: Store, file: BinaryIO) -> BlobRef:
    file.seek(0)
    return store.put_file(file)


def fetched_states(job_id: str, folder: Path, *, database: Database, store: Store) -> tuple[Path, ...]:
    """Return files with the states to go on from, the latest first; what the store has lost is left out.

    Raises `StoreError` when the store or the disk fails, `DatabaseUnavailable`.
    """
    with database.read() as conn:
        states = checkpoints.latest_first(conn, job_id)
    fetched: list[Path] = []
    for state in states:
        if len(fetched) == _MOST_STATES:
            break
        path = folder / f"state-{len(fetched)}"
        try:
            store.fetch_to(state.sha256, path)
        except (BlobMissing, BlobCorrupt) as error:
            log.warning("checkpoint.lost", job_id=job_id, step=state.step, error=str(error))
            continue
        fetched.append(path)
    return tuple(fetched)
