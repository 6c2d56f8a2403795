"""Refuses a body that is too large, early, whether it says its length or comes in chunks.

FastAPI's own `max_body_size` does the same, but answers a long Content-Length in plain text, which is no problem
document, and then reads the whole body before the connection serves again.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response
from trainshed.errors import BodyTooLarge

BATCH_PATH: Final = "/api/v1/jobs/batch"
_UPLOAD: Final = re.compile(r"/api/v1/(datasets/.+|uploads/[^/]+/parts/[^/]+|jobs/[^/]+/artifacts/.+)")
_LINGER_S: Final = 2.0
"""How long what a refused client still sends is thrown away. Closing at once would take the answer from it (RST)."""


@dataclass(frozen=True, slots=True)
class Room:
    """How long the body of a request may be: of most, of a batch of jobs, and of what is streamed into the store."""

    usual_bytes: int
    batch_bytes: int
    upload_bytes: int

    def of(self, scope: Scope) -> int:
        if scope["path"] == BATCH_PATH:
            return self.batch_bytes
        if scope["method"] == "PUT" and _UPLOAD.fullmatch(scope["path"]):
            return self.upload_bytes
        return self.usual_bytes


class BodyLimit:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self._app = app
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = self._room.of(scope)
        body = _Body(receive, send, max_bytes)
        if _content_length(scope) > max_bytes:
            body.refused = True
            await problem_response(body.error(), scope["state"]["request_id"])(scope, receive, body.send)
            return
        await self._app(scope, body.receive, body.send)


class _Body:
    """Counts what comes in. After a refusal the answer goes out whole, and the connection is closed behind it."""

    def __init__(self, receive: Receive, send: Send, max_bytes: int) -> None:
        self.refused = False
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._left = max_bytes

    def error(self) -> BodyTooLarge:
        return BodyTooLarge(
            f"The body has more than {self._max_bytes} bytes.", facts={"max_body_bytes": self._max_bytes}
        )

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.refused = True
                raise self.error()
        return message

    async def send(self, message: Message) -> None:
        if not self.refused:
            await self._send(message)
        elif message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._discard_the_rest()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _discard_the_rest(self) -> None:
        with suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(_LINGER_S):
                while (await self._receive()).get("more_body", False):
                    pass


def _content_length(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0
