from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Double, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class DatasetVersion(Base):
    """One file, as it was uploaded or a job made it. It never changes."""

    __tablename__ = "dataset_version"

    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    filename: Mapped[str] = mapped_column(String)
    created_by: Mapped[str] = mapped_column(String)
    """The API key that uploaded it."""
    created_at: Mapped[float] = mapped_column(Double)
    profile_job_id: Mapped[str | None] = mapped_column(String)
    """The job that looks into it. No foreign key: the version outlives that job."""
    profile: Mapped[dict[str, Any] | None]
    """What that job found."""
    made_by: Mapped[str | None] = mapped_column(String)
    """The preprocess job that made it. No foreign key: the version outlives that job."""
    prepared_key: Mapped[str | None] = mapped_column(String, index=True)
    """SHA-256 of the data that it was made of and of the steps: the same once more is not made again."""
    lineage: Mapped[dict[str, Any] | None]
    """That data and those steps, for people."""
