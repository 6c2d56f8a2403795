from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId


class MetricBlock(Base):
    """What a chart needs of a run of points that follow each other (`db.blocks`)."""

    __tablename__ = "metric_block"

    series_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("metric_series.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    last_step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_step: Mapped[int] = mapped_column(BigInteger)
    least_step: Mapped[int] = mapped_column(BigInteger)
    least: Mapped[float] = mapped_column(Double)
    greatest_step: Mapped[int] = mapped_column(BigInteger)
    greatest: Mapped[float] = mapped_column(Double)
