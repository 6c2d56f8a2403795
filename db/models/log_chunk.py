from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKeyConstraint, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class LogChunk(Base):
    """Bytes that an attempt printed, from `start` on. Chunks of an attempt follow each other without gap or overlap."""

    __tablename__ = "log_chunk"
    __table_args__ = (
        ForeignKeyConstraint(["job_id", "attempt"], ["attempt.job_id", "attempt.number"], ondelete="CASCADE"),
    )

    job_id: Mapped[str] = mapped_column(String, primary_key=True)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[float] = mapped_column(Double)
