"""What all tables share: names of constraints, and the types that are the same on both databases."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

Json = JSON().with_variant(JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts by itself only for a column declared INTEGER."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: Json, dict[str, str]: Json, list[Any]: Json}  # noqa: RUF012


def one_of(column: str, values: type[StrEnum] | frozenset[Any]) -> str:
    """Return the text of a CHECK that `column` is one of a closed set."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in sorted(values))})"
