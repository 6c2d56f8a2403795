from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Double, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, one_of
from trainshed.states import AttemptOutcome


class Attempt(Base):
    """One execution of a job: it has a start, an end and a typed outcome."""

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint(one_of("outcome", AttemptOutcome), name="outcome"),
        CheckConstraint("(outcome = 'running') = (ended_at IS NULL)", name="ended"),
    )

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    worker_id: Mapped[str] = mapped_column(String)
    """No foreign key: attempts outlive the rows of workers."""
    worker_name: Mapped[str] = mapped_column(String)
    outcome: Mapped[str] = mapped_column(String)
    message: Mapped[str] = mapped_column(Text)
    charged: Mapped[bool] = mapped_column(Boolean)
    started_at: Mapped[float] = mapped_column(Double)
    ended_at: Mapped[float | None] = mapped_column(Double)
    exit_code: Mapped[int | None] = mapped_column(Integer)
    signal: Mapped[int | None] = mapped_column(Integer)
    cpu_s: Mapped[float | None] = mapped_column(Double)
    max_memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    log_bytes: Mapped[int] = mapped_column(BigInteger)
    """How much of its log is stored: the offset at which the next chunk begins."""
    log_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"), index=True)
    """The log as one blob of `log_bytes` bytes, once it was compacted. A chunk that starts there or later holds bytes
    that came too late for it: they wait to be put in. One that starts before it does not count any more."""
    facts: Mapped[dict[str, Any]]
