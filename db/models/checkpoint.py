from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Checkpoint(Base):
    """A state of training from which a later attempt goes on. Its row is written together with all points up to it."""

    __tablename__ = "checkpoint"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    """The attempt that wrote it."""
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Steps that were done, counted over all epochs."""
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[float] = mapped_column(Double)
