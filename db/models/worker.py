from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Double, Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Worker(Base):
    """A worker process. It registers at its start, beats while it lives, and says goodbye when it drains."""

    __tablename__ = "worker"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'draining', 'gone')", name="state"),
        Index("ix_worker_pool", "pool"),
    )

    id: Mapped[str] = mapped_column(String, primary_key=True)
    name: Mapped[str] = mapped_column(String)
    host: Mapped[str] = mapped_column(String)
    pid: Mapped[int] = mapped_column(Integer)
    pool: Mapped[str] = mapped_column(String)
    state: Mapped[str] = mapped_column(String)
    slots: Mapped[int] = mapped_column(Integer)
    busy: Mapped[int] = mapped_column(Integer)
    cpus: Mapped[float] = mapped_column(Double)
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    gpus: Mapped[int] = mapped_column(Integer)
    sandbox: Mapped[str] = mapped_column(String)
    runs_commands: Mapped[bool] = mapped_column(Boolean)
    drain: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """An administrator asked it to take no new job."""
    lost: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """It is `gone`, and did not say goodbye."""
    versions: Mapped[dict[str, str]]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What it has counted since its start (`db.counters`)."""
    started_at: Mapped[float] = mapped_column(Double)
    last_seen_at: Mapped[float] = mapped_column(Double)
