"""Where the next page of a list begins. Opaque to clients, so that its form may change."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Final

from db.queries.job_pages import JobSort, Key
from trainshed.errors import FieldError, InvalidRequest

_VERSION: Final = 2
_LONGEST: Final = 200
_JOB_ID: Final = re.compile(r"job_[0-9a-z]{26}")
_NAME: Final = re.compile(r"[a-z0-9._-]{1,63}")


def write_cursor(sort: JobSort, key: Key) -> str:
    """Return the cursor of the page after the one that ends at `key`."""
    content = json.dumps([_VERSION, sort.value, *key], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def read_cursor(cursor: str, sort: JobSort) -> Key:
    """Return the key after which a page begins. Raises `InvalidRequest`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        version, order, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _broken(cursor) from error
    if version == _VERSION and isinstance(order, str) and order in set(JobSort) and order != sort:
        raise _broken(cursor, f"a cursor of a list that is sorted by {order}, not by {sort}")
    if len(cursor) > _LONGEST or (version, order) != (_VERSION, sort) or not _is_key(key, sort):
        raise _broken(cursor)
    return tuple(key)


def _is_key(key: list[object], sort: JobSort) -> bool:
    *leading, last_id = key or [None]
    if not isinstance(last_id, str) or not _JOB_ID.fullmatch(last_id):
        return False
    match sort.column, leading:
        case "", []:
            return True
        case "finished_at", [float(seconds)]:
            return math.isfinite(seconds)
        case "name", [str(name)]:
            return _NAME.fullmatch(name) is not None
        case _:
            return False


_UNKNOWN: Final = "not a cursor of this list; use `next_cursor` of a page as it is"


def _broken(cursor: str, message: str = _UNKNOWN) -> InvalidRequest:
    return InvalidRequest("The cursor cannot be read.", errors=(FieldError("cursor", message, cursor),))
