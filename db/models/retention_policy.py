from __future__ import annotations

from sqlalchemy import CheckConstraint, Double, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class RetentionPolicy(Base):
    """How long a project keeps what its finished jobs left. NULL: for ever."""

    __tablename__ = "retention_policy"
    __table_args__ = (CheckConstraint("jobs_count IS NULL OR jobs_count >= 0", name="jobs_count"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    jobs_age_s: Mapped[float | None] = mapped_column(Double)
    """Finished jobs older than this are deleted, with all that belongs to them."""
    jobs_count: Mapped[int | None] = mapped_column(Integer)
    """Of the finished jobs only so many of the latest are kept."""
    logs_age_s: Mapped[float | None] = mapped_column(Double)
    logs_count: Mapped[int | None] = mapped_column(Integer)
    """Logs are kept of so many of the latest finished jobs."""
    artifacts_age_s: Mapped[float | None] = mapped_column(Double)
    artifacts_count: Mapped[int | None] = mapped_column(Integer)
    """Artifacts are kept of so many of the latest finished jobs."""
    updated_at: Mapped[float] = mapped_column(Double)
