from __future__ import annotations

from sqlalchemy import Double, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Dataset(Base):
    """A name under which versions of data are kept."""

    __tablename__ = "dataset"
    __table_args__ = (Index("uq_dataset_project_id_name", "project_id", "name", unique=True),)

    id: Mapped[str] = mapped_column(String, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(String)
    last_version: Mapped[int] = mapped_column(Integer)
    """The highest number that was ever given: none is used twice."""
    created_at: Mapped[float] = mapped_column(Double)
