from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Double, String, false
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Blob(Base):
    """Bytes in the store, named by their SHA-256. Written once, shared by all artifacts with the same content."""

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(String, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[float] = mapped_column(Double)
    touched_at: Mapped[float] = mapped_column(Double, server_default="0")
    """When somebody last said that he is about to store or to name these bytes."""
    deleting: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Garbage collection takes the bytes away; whoever wants to store them waits until the row is gone."""
