"""Places in the order of commits, as clients keep them. Opaque to them, so that the form may change."""

from __future__ import annotations

import re
from typing import Final

from db.queries.events import Position
from trainshed.errors import FieldError, InvalidRequest

CURSOR_FORM: Final = "^[0-9]{1,19}-[0-9]{1,19}$"
_CURSOR: Final = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_END: Final = 2**63


def write_position(position: Position) -> str:
    """Return the cursor of what lies behind `position`."""
    return f"{position.txid}-{position.id}"


def read_position(cursor: str, *, path: str) -> Position:
    """Return the place that a cursor stands for; `path` says where it stood. Raises `InvalidRequest`."""
    match = _CURSOR.fullmatch(cursor)
    if match is not None:
        position = Position(int(match[1]), int(match[2]))
        if max(position) < _END:
            return position
    message = "not a cursor of these events; use `next_cursor` of a list, or the id of a message, as it is"
    raise InvalidRequest("The cursor cannot be read.", errors=(FieldError(path, message, cursor),))
