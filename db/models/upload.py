from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Upload(Base):
    """A file that arrives in parts, to become a version of a dataset."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    dataset: Mapped[str] = mapped_column(String)
    """Name of the dataset; it is made with its first version."""
    filename: Mapped[str] = mapped_column(String)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String)
    """What the whole is announced to be."""
    part_size: Mapped[int] = mapped_column(Integer)
    """Bytes of each part but the last."""
    created_by: Mapped[str] = mapped_column(String)
    created_at: Mapped[float] = mapped_column(Double)
    touched_at: Mapped[float] = mapped_column(Double, index=True)
    """When its latest part came; one that stands still for a day is given up."""
    version: Mapped[int | None] = mapped_column(Integer)
    """What it became. Kept for a day, so that whoever missed the answer gets it again."""
