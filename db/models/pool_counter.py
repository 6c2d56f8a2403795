from __future__ import annotations

from sqlalchemy import Double, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class PoolCounter(Base):
    """What was counted in a pool by those whose own row is gone, or who have none (`db.counters`)."""

    __tablename__ = "pool_counter"

    pool: Mapped[str] = mapped_column(String, primary_key=True)
    name: Mapped[str] = mapped_column(String, primary_key=True)
    value: Mapped[float] = mapped_column(Double)
