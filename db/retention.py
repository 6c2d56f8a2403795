"""How long a project keeps what its finished jobs left, and what that means at this moment.

Finished jobs stand in the order of their end. What a rule removes is always the front of that order: all up to some
`Place`. What an unfinished job needs stays, and so do its artifacts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.deletion import is_needed, lock_finished
from db.sql import Statement
from trainshed.states import TERMINAL_STATES


@dataclass(frozen=True, slots=True)
class Rule:
    """Keep what is younger than `age_s` and among the latest `count`. None: no such limit."""

    age_s: float | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a project for whole jobs, for their logs, and for their artifacts."""

    jobs: Rule = Rule()
    logs: Rule = Rule()
    artifacts: Rule = Rule()


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the order of finished jobs."""

    finished_at: float
    job_id: str


START: Final = Place(0.0, "")

_TERMINAL: Final = "state IN (" + ", ".join(f"'{state}'" for state in sorted(TERMINAL_STATES)) + ")"
_COLUMNS: Final = "jobs_age_s, jobs_count, logs_age_s, logs_count, artifacts_age_s, artifacts_count"

# --- policies ---

_GET: Final = Statement(f"SELECT {_COLUMNS}, updated_at FROM retention_policy WHERE project_id = :project_id")
_SET: Final = Statement(f"""
    INSERT INTO retention_policy (project_id, {_COLUMNS}, updated_at)
    VALUES (:project_id, :jobs_age_s, :jobs_count, :logs_age_s, :logs_count, :artifacts_age_s, :artifacts_count,
        {{now}})
    ON CONFLICT (project_id) DO UPDATE SET jobs_age_s = excluded.jobs_age_s, jobs_count = excluded.jobs_count,
        logs_age_s = excluded.logs_age_s, logs_count = excluded.logs_count,
        artifacts_age_s = excluded.artifacts_age_s, artifacts_count = excluded.artifacts_count,
        updated_at = excluded.updated_at
    RETURNING updated_at
""")
_PROJECTS: Final = Statement(f"""
    SELECT project_id, project.name, {_COLUMNS}, updated_at
    FROM retention_policy JOIN project ON project.id = project_id ORDER BY project_id
""")


def get_policy(conn: Connection, project_id: str) -> tuple[Policy, float | None]:
    """Return the policy of a project and when it was set; without one, all is kept."""
    row = _GET.run(conn, project_id=project_id).one_or_none()
    return (Policy(), None) if row is None else (policy_of(row), row.updated_at)


def set_policy(conn: Connection, project_id: str, policy: Policy) -> float:
    """Replace the policy of a project. Returns when."""
    updated_at: float = _SET.run(
        conn,
        project_id=project_id,
        jobs_age_s=policy.jobs.age_s,
        jobs_count=policy.jobs.count,
        logs_age_s=policy.logs.age_s,
        logs_count=policy.logs.count,
        artifacts_age_s=policy.artifacts.age_s,
        artifacts_count=policy.artifacts.count,
    ).scalar_one()
    return updated_at


def list_policies(conn: Connection) -> Sequence[Row[Any]]:
    """Return `project_id`, its `name` and the columns of its policy, of all projects that have one."""
    return _PROJECTS.run(conn).all()


def policy_of(row: Row[Any]) -> Policy:
    """Return the policy of a row that has its columns."""
    return Policy(
        Rule(row.jobs_age_s, row.jobs_count),
        Rule(row.logs_age_s, row.logs_count),
        Rule(row.artifacts_age_s, row.artifacts_count),
    )


# --- what is due ---

_OLDER: Final = Statement("SELECT {now} - :age_s")
_LAST_KEPT: Final = Statement("""
    SELECT finished_at, id FROM job WHERE project_id = :project_id AND finished_at IS NOT NULL
    ORDER BY finished_at DESC, id DESC LIMIT 1 OFFSET :before
""")
_DUE: Final = Statement("""
    SELECT finished_at, id FROM job
    WHERE project_id = :project_id AND finished_at IS NOT NULL
      AND (finished_at, id) > (:after_at, :after_id) AND (finished_at, id) < (:stop_at, :stop_id)
    ORDER BY finished_at, id LIMIT :limit
""")


def due_before(conn: Connection, project_id: str, rule: Rule) -> Place:
    """Return the place before which all finished jobs of the project fall under the rule."""
    places = [START]
    if rule.age_s is not None:
        places.append(Place(_OLDER.run(conn, age_s=rule.age_s).scalar_one(), ""))
    if rule.count == 0:
        places.append(Place(math.inf, ""))
    elif rule.count is not None:
        row = _LAST_KEPT.run(conn, project_id=project_id, before=rule.count - 1).one_or_none()
        places.append(START if row is None else Place(row.finished_at, row.id))
    return max(places)


def list_due(conn: Connection, project_id: str, *, after: Place, stop: Place, limit: int) -> list[Place]:
    """Return the places of finished jobs between two others, without both."""
    rows = _DUE.run(
        conn,
        project_id=project_id,
        after_at=after.finished_at,
        after_id=after.job_id,
        stop_at=stop.finished_at,
        stop_id=stop.job_id,
        limit=limit,
    )
    return [Place(row.finished_at, row.id) for row in rows]


# --- remove ---

MOST_CHUNKS: Final = 256
"""So many log chunks, of up to 256 KiB each, are deleted in one transaction."""

NEEDED: Final = f"""EXISTS (SELECT 1 FROM dependency JOIN job AS other ON other.id = dependency.job_id
    WHERE dependency.needs_id = job.id AND NOT other.{_TERMINAL})"""
IS_LOG: Final = """EXISTS (SELECT 1 FROM attempt WHERE attempt.job_id = artifact.job_id
    AND attempt.number = artifact.attempt AND attempt.log_sha256 = artifact.sha256
    AND artifact.path = 'logs/attempt-' || attempt.number || '.log')"""

_HAS_LOGS: Final = Statement("""
    SELECT EXISTS (SELECT 1 FROM log_chunk WHERE job_id = :job_id)
        OR EXISTS (SELECT 1 FROM attempt WHERE job_id = :job_id AND log_sha256 IS NOT NULL)
""")
_HAS_ARTIFACTS: Final = Statement(f"""
    SELECT EXISTS (SELECT 1 FROM artifact WHERE job_id = :job_id AND NOT {IS_LOG})
""")
_DROP_ARTIFACTS: Final = Statement(f"DELETE FROM artifact WHERE job_id = :job_id AND NOT {IS_LOG}")
_CHANGED: Final = Statement("UPDATE job SET version = version + 1 WHERE id = :job_id")
# From the end, so that who still reads finds fewer bytes than there were, and none that are others.
_DROP_CHUNKS: Final = Statement("""
    DELETE FROM log_chunk WHERE job_id = :job_id AND (attempt, start) IN (
        SELECT attempt, start FROM log_chunk WHERE job_id = :job_id ORDER BY attempt DESC, start DESC LIMIT :most)
""")
_DROP_LOG_FILES: Final = Statement(f"DELETE FROM artifact WHERE job_id = :job_id AND {IS_LOG}")
# How long they were stays known: a reader is told that they were removed, and not that there were none.
_LET_LOGS_GO: Final = Statement("UPDATE attempt SET log_sha256 = NULL WHERE job_id = :job_id")


def has_logs(conn: Connection, job_id: str) -> bool:
    """Whether there is a log to remove. Writes nothing."""
    return bool(_HAS_LOGS.run(conn, job_id=job_id).scalar_one())


def has_artifacts(conn: Connection, job_id: str) -> bool:
    """Whether there is an artifact to remove. Writes nothing."""
    return bool(_HAS_ARTIFACTS.run(conn, job_id=job_id).scalar_one())


def remove_logs(conn: Connection, job_id: str) -> bool:
    """Remove a piece of the logs of a finished job. True: that was the last one."""
    if not lock_finished(conn, job_id):
        return True
    if _DROP_CHUNKS.run(conn, job_id=job_id, most=MOST_CHUNKS).rowcount == MOST_CHUNKS:
        return False
    _DROP_LOG_FILES.run(conn, job_id=job_id)
    _LET_LOGS_GO.run(conn, job_id=job_id)
    _CHANGED.run(conn, job_id=job_id)
    return True


def remove_artifacts(conn: Connection, job_id: str) -> bool:
    """Remove the artifacts of a finished job, but for its logs. False: an unfinished job needs them, or it is gone."""
    if not lock_finished(conn, job_id) or is_needed(conn, job_id):
        return False
    _DROP_ARTIFACTS.run(conn, job_id=job_id)
    _CHANGED.run(conn, job_id=job_id)
    return True
