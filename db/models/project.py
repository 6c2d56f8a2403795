from __future__ import annotations

from sqlalchemy import Double, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Project(Base):
    """A space of its own: jobs, keys and data of one project are invisible to all others."""

    __tablename__ = "project"

    id: Mapped[str] = mapped_column(String, primary_key=True)
    name: Mapped[str] = mapped_column(String, unique=True)
    created_at: Mapped[float] = mapped_column(Double)
