"""Answers polls. A job that has not changed since it was last asked for is answered with the same bytes.

Many clients ask for the same job again and again. Whether it has changed is one cheap statement; to read it whole, and
to write it as JSON, is most of the work, and is done once for each change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations import present
from api.operations.jobs import etag_of, not_found
from db.engine import Database
from db.queries import jobs

_MOST_KEPT: Final = 2_048
_LONGEST_KEPT: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Written:
    """A job as JSON, with its tag. `form` changes with anything in it."""

    form: tuple[Any, ...]
    body: bytes
    etag: str


class Polls:
    """Reads jobs for who asks again and again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, Written] = OrderedDict()
        self._lock = threading.Lock()

    async def get(self, who: Principal, job_id: str) -> Written:
        """Return a job of the caller's project. Raises `NotFound`."""
        if self._database.dialect == "sqlite":
            # It answers from this process, sooner than a thread would be woken.
            return self._get(who, job_id)
        return await run_in_threadpool(self._get, who, job_id)

    def _get(self, who: Principal, job_id: str) -> Written:
        form = jobs.get_form(self._database, who.project_id, job_id)
        if form is None:
            raise not_found(job_id)
        kept = self._kept.get(job_id)
        return kept if kept is not None and kept.form == form else self._read(who, job_id)

    def _read(self, who: Principal, job_id: str) -> Written:
        with self._database.read() as conn:
            details = jobs.get_job(conn, who.project_id, job_id)
        if details is None:
            raise not_found(job_id)
        body = present.job(details).model_dump_json().encode()
        written = Written(jobs.form_of(details), body, etag_of(details.job.version, details.job.attempt))
        if len(body) <= _LONGEST_KEPT:
            self._keep(job_id, written)
        return written

    def _keep(self, job_id: str, written: Written) -> None:
        with self._lock:
            self._kept[job_id] = written
            self._kept.move_to_end(job_id)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
