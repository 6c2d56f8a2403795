from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, one_of
from trainshed.states import TERMINAL_STATES, JobRequest, JobState

_TERMINAL = one_of("state", TERMINAL_STATES)


class Job(Base):
    """A job: the row is the message. `state` is written by `db.transitions` alone."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(one_of("state", JobState), name="state"),
        CheckConstraint(f"request IS NULL OR {one_of('request', JobRequest)}", name="request"),
        # A running job without a lease would never be reaped; one with an owner but no lease neither.
        CheckConstraint("(state = 'running') = (lease_expires_at IS NOT NULL)", name="lease"),
        CheckConstraint("(state = 'running') = (owner IS NOT NULL)", name="owner"),
        CheckConstraint(f"({_TERMINAL}) = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("state = 'blocked' OR NOT held", name="held"),
        Index(
            "ix_job_running",
            "owner",
            "id",
            postgresql_where=text("state = 'running'"),
            sqlite_where=text("state = 'running'"),
        ),
        Index(
            "ix_job_blocked",
            "id",
            postgresql_where=text("state = 'blocked'"),
            sqlite_where=text("state = 'blocked'"),
        ),
        Index("ix_job_project_id_id", "project_id", "id"),
        Index("ix_job_project_id_state_id", "project_id", "state", "id"),
        Index("ix_job_project_id_name_id", "project_id", "name", "id"),
        Index(
            "ix_job_project_id_finished_at_id",
            "project_id",
            "finished_at",
            "id",
            postgresql_where=text("finished_at IS NOT NULL"),
            sqlite_where=text("finished_at IS NOT NULL"),
        ),
        Index(
            "ix_job_queue_timeout",
            text("(queued_at + queue_timeout_s)"),
            postgresql_where=text("state = 'queued' AND queue_timeout_s IS NOT NULL"),
            sqlite_where=text("state = 'queued' AND queue_timeout_s IS NOT NULL"),
        ),
        # Heartbeats change no indexed column; room on the page lets Postgres update in place.
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[str] = mapped_column(String, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    created_by: Mapped[str] = mapped_column(String)
    """The API key that submitted it."""
    kind: Mapped[str] = mapped_column(String)
    name: Mapped[str] = mapped_column(String)
    labels: Mapped[dict[str, str]]
    spec: Mapped[dict[str, Any]]
    created_at: Mapped[float] = mapped_column(Double)

    state: Mapped[str] = mapped_column(String)
    reason: Mapped[str] = mapped_column(String)
    message: Mapped[str] = mapped_column(Text)
    event_seq: Mapped[int] = mapped_column(Integer)
    """Number of the latest event."""
    version: Mapped[int] = mapped_column(BigInteger)
    """Raised by each change that a reader can see; the ETag."""

    held: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """A user holds it: `blocked` until it is released, whatever its dependencies do."""
    priority: Mapped[int] = mapped_column(Integer)
    pool: Mapped[str] = mapped_column(String)
    cpus: Mapped[float | None] = mapped_column(Double)
    """NULL: one slot's share of the worker."""
    memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    gpus: Mapped[int] = mapped_column(Integer)
    not_before: Mapped[float] = mapped_column(Double)
    queued_at: Mapped[float | None] = mapped_column(Double)
    """When it last entered the queue."""
    queue_timeout_s: Mapped[float | None] = mapped_column(Double)
    hinted_at: Mapped[float] = mapped_column(Double)
    """When workers were last told that it waits."""

    attempt: Mapped[int] = mapped_column(Integer)
    owner: Mapped[str | None] = mapped_column(String)
    """The worker that holds the lease."""
    lease_expires_at: Mapped[float | None] = mapped_column(Double)
    hb: Mapped[int] = mapped_column(BigInteger)
    """Counts heartbeats. The reaper watches it stand still; it never compares clocks of two machines."""
    request: Mapped[str | None] = mapped_column(String)
    progress: Mapped[dict[str, Any] | None]
    started_at: Mapped[float | None] = mapped_column(Double)
    finished_at: Mapped[float | None] = mapped_column(Double)

    retry_of: Mapped[str | None] = mapped_column(String)
    """The finished job that a user ran again as this one."""
    parent_id: Mapped[str | None] = mapped_column(String)
    """The sweep this job belongs to."""


Index(
    "ix_job_claim",
    Job.pool,
    Job.priority.desc(),
    Job.not_before,
    Job.id,
    postgresql_where=text("state = 'queued'"),
    sqlite_where=text("state = 'queued'"),
)
