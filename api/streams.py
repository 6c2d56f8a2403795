"""Answers that come piece by piece: server-sent events (WHATWG HTML section 9.2), JSON lines, bytes of any length."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Send

from api.auth.session import key_of
from api.operations.pulse import Pulse
from api.parts import AppParts

SERVER_SENT: Final = "text/event-stream"
LINES: Final = "application/x-ndjson"
STANDS: Final = KEEPALIVE_COMMENT

_RECONNECT_MS: Final = 3_000
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def stream_content(*media_types: str) -> dict[str, Any]:
    """Return the OpenAPI description of streams."""
    return {media_type: {"schema": {"type": "string"}} for media_type in media_types}


def message(data: str, *, name: str | None = None, id_: str | None = None) -> bytes:
    """Return one server-sent event."""
    # `retry` rides along: some clients take a block that holds nothing else for an event.
    return format_sse_event(event=name, data_str=data, id=id_, retry=_RECONNECT_MS)


class Stream(StreamingResponse):
    """Closes what it streams from as soon as the client is gone, and not when the garbage is collected."""

    def __init__(
        self,
        content: AsyncGenerator[bytes],
        media_type: str,
        headers: Mapping[str, str] | None = None,
        *,
        status: int = 200,
    ) -> None:
        super().__init__(content, status, {**_HEADERS, **(headers or {})}, media_type)
        self._content = content

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._content):
            await super().stream_response(send)


async def _pulse(request: Request, parts: AppParts) -> Pulse:
    key = key_of(request)
    verifier = parts.verifier

    async def stands() -> bool:
        return await verifier.verify(key) is not None

    return Pulse(stands)


StreamPulse = Annotated[Pulse, Depends(_pulse)]
"""That of the stream which a request opens; it ends with the key that opened it."""
