"""Reads and sets how long a project keeps what its finished jobs left, and says what that would remove."""

from __future__ import annotations

import structlog

from api.auth.principal import Principal
from api.operations import present
from db import retention
from db.engine import Database
from db.queries import retention as queries
from db.queries.retention import Cut
from db.retention import Policy
from trainshed import wire

log = structlog.get_logger(__name__)


def get_policy(database: Database, who: Principal) -> wire.RetentionPolicy:
    """Return the policy of the caller's project."""
    with database.read() as conn:
        return _policy(*retention.get_policy(conn, who.project_id))


def set_policy(database: Database, who: Principal, policy: Policy) -> wire.RetentionPolicy:
    """Replace the policy of the caller's project."""
    with database.begin() as conn:
        updated_at = retention.set_policy(conn, who.project_id, policy)
    log.info("retention.set", project_id=who.project_id, key_id=who.key_id)
    return _policy(policy, updated_at)


def try_policy(database: Database, who: Principal, policy: Policy | None) -> wire.RetentionReport:
    """Return what a policy would remove now, or without one, what that of the project removes."""
    with database.read() as conn:
        tried, updated_at = (policy, None) if policy else retention.get_policy(conn, who.project_id)
        report = queries.report(conn, who.project_id, tried)
    return wire.RetentionReport(
        policy=_policy(tried, updated_at),
        jobs=_cut(report.jobs),
        logs=_cut(report.logs),
        artifacts=_cut(report.artifacts),
    )


def _policy(policy: Policy, updated_at: float | None) -> wire.RetentionPolicy:
    return wire.RetentionPolicy(
        jobs_age_s=policy.jobs.age_s,
        jobs_count=policy.jobs.count,
        logs_age_s=policy.logs.age_s,
        logs_count=policy.logs.count,
        artifacts_age_s=policy.artifacts.age_s,
        artifacts_count=policy.artifacts.count,
        updated_at=None if updated_at is None else present.moment(updated_at),
    )


def _cut(cut: Cut) -> wire.RetentionCut:
    return wire.RetentionCut(jobs=cut.jobs, bytes=cut.bytes, job_ids=cut.job_ids, more=cut.more)
