from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Double, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Blob(Base):
    """Bytes in the store, named by their SHA-256. Written once, shared by all artifacts with the same content."""

    __tablename__ = "blob"
    __table_args__ = (
        Index("ix_blob_deleting", "sha256", postgresql_where=text("deleting"), sqlite_where=text("deleting")),
    )

    sha256: Mapped[str] = mapped_column(String, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[float] = mapped_column(Double)
    touched_at: Mapped[float] = mapped_column(Double, server_default="0")
    """When somebody last said that he is about to store or to name these bytes; while they are being taken away, when
    the collector that does so began."""
    deleting: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Garbage collection takes the bytes away; whoever wants to store them waits until the row is gone."""
