"""Carries out the retention policies of projects, and erases what was deleted but not yet gone.

It remembers how far it has come in each project, so that a run looks at few jobs however many there are, and begins
again from time to time for those that it had to pass over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

import structlog

from db import deletion, retention
from db.engine import Database
from db.retention import START, Place, Policy, Rule

log = structlog.get_logger(__name__)

_BATCH: Final = 200
"""Jobs that are looked at in one run, of each kind and project."""
_FOR_S: Final = 5.0
_BEGIN_AGAIN_AFTER_S: Final = 21_600.0


class Kind(StrEnum):
    """What is kept for how long."""

    JOBS = "jobs"
    LOGS = "logs"
    ARTIFACTS = "artifacts"


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs that were deleted, jobs that lost their logs or artifacts, and deleted ones that are gone for good now."""

    jobs: int
    logs: int
    artifacts: int
    erased: int


@dataclass(slots=True)
class _Progress:
    since: float
    place: Place = field(default=START)


class Retainer:
    """One copy of the duty."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._progress: dict[tuple[str, Kind], _Progress] = {}

    def run_once(self) -> Counts:
        """Work for some seconds at most."""
        until = self._clock() + _FOR_S
        removed = dict.fromkeys(Kind, 0)
        for project_id, policy in self._policies():
            for kind, rule in _rules(policy):
                for job_id in self._due(project_id, kind, rule, until):
                    removed[kind] += self._remove(kind, job_id)
        erased = self._erase(until)
        return Counts(removed[Kind.JOBS], removed[Kind.LOGS], removed[Kind.ARTIFACTS], erased)

    def _policies(self) -> list[tuple[str, Policy]]:
        with self._database.read() as conn:
            return [(row.project_id, retention.policy_of(row)) for row in retention.list_policies(conn)]

    def _due(self, project_id: str, kind: Kind, rule: Rule, until: float) -> Iterator[str]:
        """Yield jobs to which the rule applies; one that was yielded is not yielded again for a while."""
        progress = self._progress_of(project_id, kind)
        with self._database.read() as conn:
            stop = retention.due_before(conn, project_id, rule)
            places = retention.list_due(conn, project_id, after=progress.place, stop=stop, limit=_BATCH)
        for place in places:
            if self._clock() > until:
                return
            yield place.job_id
            progress.place = place

    def _progress_of(self, project_id: str, kind: Kind) -> _Progress:
        now = self._clock()
        progress = self._progress.setdefault((project_id, kind), _Progress(now))
        if now - progress.since > _BEGIN_AGAIN_AFTER_S:
            self._progress[project_id, kind] = progress = _Progress(now)
        return progress

    def _remove(self, kind: Kind, job_id: str) -> bool:
        match kind:
            case Kind.JOBS:
                removed = self._remove_job(job_id)
            case Kind.LOGS:
                removed = self._remove_logs(job_id)
            case Kind.ARTIFACTS:
                removed = self._remove_artifacts(job_id)
            case _:
                assert_never(kind)
        if removed:
            log.info("retention.removed", kind=kind.value, job_id=job_id)
        return removed

    def _remove_job(self, job_id: str) -> bool:
        with self._database.begin() as conn:
            return deletion.delete_job(conn, job_id)

    def _remove_logs(self, job_id: str) -> bool:
        with self._database.read() as conn:  # a look costs no write lock
            if not retention.has_logs(conn, job_id):
                return False
        is_last = False
        while not is_last:
            with self._database.begin() as conn:
                is_last = retention.remove_logs(conn, job_id)
        return True

    def _remove_artifacts(self, job_id: str) -> bool:
        with self._database.read() as conn:
            if not retention.has_artifacts(conn, job_id):
                return False
        with self._database.begin() as conn:
            return retention.remove_artifacts(conn, job_id)

    def _erase(self, until: float) -> int:
        erased = 0
        while True:
            with self._database.read() as conn:
                job_id = deletion.first_discarded(conn)
            if job_id is None:
                return erased
            is_last = False
            while not is_last:
                if self._clock() > until:
                    return erased
                with self._database.begin() as conn:
                    is_last = deletion.erase_piece(conn, job_id)
            erased += 1


def _rules(policy: Policy) -> tuple[tuple[Kind, Rule], ...]:
    return (Kind.JOBS, policy.jobs), (Kind.LOGS, policy.logs), (Kind.ARTIFACTS, policy.artifacts)
