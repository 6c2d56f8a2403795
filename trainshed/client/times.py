"""Times as parameters of a request."""

from __future__ import annotations

from datetime import datetime
from typing import overload


@overload
def moment(at: datetime | str) -> str: ...
@overload
def moment(at: datetime | str | None) -> str | None: ...
def moment(at: datetime | str | None) -> str | None:
    """Write a time as RFC 3339; one without a zone is local. Text is left to the server: it may be `10m`."""
    if at is None or isinstance(at, str):
        return at
    return (at if at.tzinfo else at.astimezone()).isoformat()
