"""Where the next page of a list begins. Opaque to clients, so that its form may change."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Final

from trainshed.errors import FieldError, InvalidRequest

_VERSION: Final = 1
_LONGEST: Final = 200
_JOB_ID: Final = re.compile(r"job_[0-9a-z]{26}")


def write_cursor(last_id: str) -> str:
    """Return the cursor of the page after the one that ends with the job `last_id`."""
    content = json.dumps([_VERSION, last_id], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def read_cursor(cursor: str) -> str:
    """Return the identifier after which a page begins. Raises `InvalidRequest`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        version, last_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _broken(cursor) from error
    if len(cursor) > _LONGEST or version != _VERSION or not isinstance(last_id, str) or not _JOB_ID.fullmatch(last_id):
        raise _broken(cursor)
    return last_id


def _broken(cursor: str) -> InvalidRequest:
    message = "not a cursor of this list; use `next_cursor` of a page as it is"
    return InvalidRequest("The cursor cannot be read.", errors=(FieldError("cursor", message, cursor),))
