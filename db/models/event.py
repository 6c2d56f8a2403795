from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId


class Event(Base):
    """One thing that happened to a job, written in the transaction in which it happened."""

    __tablename__ = "event"
    __table_args__ = (
        Index("uq_event_job_id_seq", "job_id", "seq", unique=True),
        Index("ix_event_txid_id", "txid", "id"),
        {"sqlite_autoincrement": True},  # the number of a deleted event is not used again
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    txid: Mapped[int] = mapped_column(BigInteger)
    """Transaction that wrote it (Postgres). A reader of all jobs goes only as far as the oldest one still open, because
    a late commit may carry a smaller id than what has been read; within one job `seq` has no such hole."""
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(Integer)
    type: Mapped[str] = mapped_column(String)
    state: Mapped[str] = mapped_column(String)
    reason: Mapped[str] = mapped_column(String)
    message: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String)
    cause: Mapped[str] = mapped_column(String)
    attempt: Mapped[int] = mapped_column(Integer)
    at: Mapped[float] = mapped_column(Double)
