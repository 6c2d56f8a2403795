from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId


class MetricPoint(Base):
    """Exactly one value for each (series, step)."""

    __tablename__ = "metric_point"

    series_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("metric_series.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    value: Mapped[float] = mapped_column(Double)
    attempt: Mapped[int] = mapped_column(Integer)
    at: Mapped[float] = mapped_column(Double)
