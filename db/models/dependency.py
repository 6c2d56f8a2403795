from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Dependency(Base):
    """`job_id` waits until `needs_id` has succeeded."""

    __tablename__ = "dependency"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    needs_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True, index=True)
