"""The edge that every request passes on its way in and out: its identifier, its line in the log, security headers.

Nothing gets past it: an exception that no handler took becomes a 500 here, with the traceback in the log alone.
"""

from __future__ import annotations

import re
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import internal_error
from trainshed.ids import new_id

log = structlog.get_logger(__name__)

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROBES: Final = frozenset({"/healthz", "/readyz"})
_SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""A route that says otherwise wins."""


class Edge:
    """ASGI middleware; the outermost one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            answer = _Answer(request_id, send)
            await self._serve(scope, receive, answer)
            _note(scope, answer)

    async def _serve(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            log.exception("http.crashed")
            if answer.status is None:
                await internal_error(answer.request_id)(scope, receive, answer.send)


class _Answer:
    """Passes an answer on, with headers, and notes its status."""

    def __init__(self, request_id: str, send: Send) -> None:
        self.request_id = request_id
        self.status: int | None = None
        self.started_at = time.perf_counter()
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            for name, value in _SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _request_id(offered: str | None) -> str:
    return offered if offered is not None and _REQUEST_ID.fullmatch(offered) else new_id("req")


def _note(scope: Scope, answer: _Answer) -> None:
    """Write the line. Neither query nor headers are in it: they may carry secrets."""
    write = log.debug if scope["path"] in _PROBES else log.info
    write(
        "http.request",
        method=scope["method"],
        path=scope["path"],
        status=answer.status,
        duration_ms=round((time.perf_counter() - answer.started_at) * 1000, 1),
        client=scope["client"][0] if scope.get("client") else None,
        key=scope["state"].get("key_id"),
    )
