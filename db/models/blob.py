from __future__ import annotations

from sqlalchemy import BigInteger, Double, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Blob(Base):
    """Bytes in the store, named by their SHA-256. Written once, shared by all artifacts with the same content."""

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(String, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[float] = mapped_column(Double)
