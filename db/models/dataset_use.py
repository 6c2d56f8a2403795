from __future__ import annotations

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class DatasetUse(Base):
    """`job_id` reads this version of a dataset."""

    __tablename__ = "dataset_use"
    __table_args__ = (
        ForeignKeyConstraint(
            ["dataset_id", "version"], ["dataset_version.dataset_id", "dataset_version.version"], ondelete="CASCADE"
        ),
        Index("ix_dataset_use_dataset_id_version", "dataset_id", "version"),
    )

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(String, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
