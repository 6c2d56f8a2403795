from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId


class MetricSeries(Base):
    """A series of numbers of one job, with its latest value for lists."""

    __tablename__ = "metric_series"
    __table_args__ = (Index("uq_metric_series_job_id_name", "job_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String)
    last_step: Mapped[int] = mapped_column(BigInteger)
    last_value: Mapped[float] = mapped_column(Double)
    sealed_step: Mapped[int] = mapped_column(BigInteger, server_default=str(-(2**63)))
    """Where its blocks end (`db.blocks`)."""
    fresh: Mapped[int] = mapped_column(Integer, server_default="0")
    """Points that were reported since blocks were made."""
