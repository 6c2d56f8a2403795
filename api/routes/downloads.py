"""Answers that are the bytes of a blob, or one range of them (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol
from urllib.parse import quote

from fastapi import Depends, Header, Request
from starlette.responses import Response

from api.operations.chunks import open_blob
from api.operations.parts import Parts
from api.problems import problem_response
from api.routes.answers import matches
from api.routes.bodies import BINARY, BYTES
from api.streams import Stream
from trainshed.errors import RangeNotSatisfiable

# Numbers longer than any size are no numbers: a server may ignore the header.
_RANGE: Final = re.compile(r"bytes=[ \t]*([0-9]{0,19})-([0-9]{0,19})[ \t]*", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")

DOWNLOAD: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The bytes.", "content": BINARY},
    206: {"description": "The range of them that was asked for.", "content": BINARY},
    304: {"description": "The client has it."},
}
"""The OpenAPI descriptions of what `download` answers, beside 416."""


class Blob(Protocol):
    """Bytes in the store."""

    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request for bytes says of those it wants."""

    request_id: str
    range: str | None
    if_range: str | None
    if_none_match: str | None


async def _conditions(
    request: Request,
    range_: Annotated[str | None, Header(alias="Range", description="`bytes=0-99`, `bytes=100-`, `bytes=-100`")] = None,
    if_range: Annotated[str | None, Header(description="Ignore Range unless this is the ETag")] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Conditions:
    return Conditions(request.scope["state"]["request_id"], range_, if_range, if_none_match)


Download = Annotated[Conditions, Depends(_conditions)]
"""The headers Range, If-Range and If-None-Match of a request."""


async def download(parts: Parts, blob: Blob, wanted: Conditions, *, filename: str) -> Response:
    """Return a blob, to be saved under `filename`, or one range of it.

    Its ETag is its SHA-256, and damaged bytes are never sent to their end. What a range of it is cannot be verified.
    """
    etag = f'"{blob.sha256}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    if matches(wanted.if_none_match, etag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = attachment(filename)
    try:
        part = find_range(wanted.range, blob.size) if wanted.if_range in (None, etag) else None
    except RangeNotSatisfiable as error:
        size = {"Content-Range": f"bytes */{blob.size}"}
        return problem_response(error, wanted.request_id, headers=size)
    if part is None:
        return await _whole(parts, blob, headers)
    return await _part(parts, blob, part, headers)


def attachment(filename: str) -> str:
    """Return a Content-Disposition that makes a browser save the file (RFC 6266, RFC 8187)."""
    return f"attachment; filename=\"{_UNSAFE.sub('_', filename)}\"; filename*=UTF-8''{quote(filename, safe='')}"


def find_range(header: str | None, size: int) -> range | None:
    """Return the one range that is asked for. None: the whole, or what need not be understood (no, odd, many ranges).

    Raises `RangeNotSatisfiable` when none of its bytes is there.
    """
    match = None if header is None else _RANGE.fullmatch(header)
    first, last = match.groups() if match else ("", "")
    if first == last == "" or (size == 0 and first == ""):
        return None
    if first == "":
        found = range(max(0, size - int(last)), size)
    elif last == "" or int(last) >= int(first):
        found = range(int(first), size if last == "" else min(int(last) + 1, size))
    else:
        return None
    if not found:
        raise RangeNotSatisfiable(f"The content has {size} bytes, and none of them lies there.", facts={"size": size})
    return found


async def _whole(parts: Parts, blob: Blob, headers: Mapping[str, str]) -> Response:
    content = await open_blob(parts, blob.sha256)
    return Stream(content, BYTES, {**headers, "Content-Length": str(blob.size)})


async def _part(parts: Parts, blob: Blob, part: range, headers: Mapping[str, str]) -> Response:
    content = await open_blob(parts, blob.sha256, start=part.start, length=len(part))
    place = f"bytes {part.start}-{part.stop - 1}/{blob.size}"
    return Stream(content, BYTES, {**headers, "Content-Length": str(len(part)), "Content-Range": place}, status=206)
