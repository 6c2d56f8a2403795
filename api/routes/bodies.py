"""Bodies that are bytes: how a route gets at them, and at the digest that was announced."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request
from starlette.requests import ClientDisconnect

from trainshed.errors import FieldError, InvalidRequest, MalformedBody

_SHA256: Final = re.compile(r"(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/]{43}=):[ \t]*(?:,|$)")

BYTES: Final = "application/octet-stream"
BINARY: Final[dict[str, Any]] = {BYTES: {"schema": {"type": "string", "format": "binary"}}}
BYTES_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "description": "The bytes, as they are.", "content": BINARY}
}


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes. Raises `MalformedBody` when the client goes away before its end."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise MalformedBody("The client went away before the body had come.", remedy="Send it again.") from error


async def _announced(
    content_digest: Annotated[
        str | None,
        Header(
            max_length=1024,
            description="`sha-256=:<base64>:` (RFC 9530); it is checked",
            json_schema_extra={"pattern": _SHA256.pattern},
        ),
    ] = None,
) -> str | None:
    if content_digest is None:
        return None
    found = _SHA256.search(content_digest)
    try:
        return base64.b64decode(found[1], validate=True).hex() if found else _refuse(content_digest)
    except binascii.Error:
        return _refuse(content_digest)


def _refuse(value: str) -> str:
    """A digest that cannot be checked must not look as if it had been."""
    message = "write sha-256=:<base64 of the digest>: (RFC 9530)"
    raise InvalidRequest("The request has 1 error.", errors=(FieldError("content-digest", message, value),))


AnnouncedSha256 = Annotated[str | None, Depends(_announced)]
"""The SHA-256 of the header Content-Digest, in hexadecimal."""
