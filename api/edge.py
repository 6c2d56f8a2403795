"""The edge that every request passes on its way in and out: its identifier, its line in the log, security headers.

Nothing gets past it: an exception that no handler took becomes a 500 here, with the traceback in the log alone.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any, Final

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import telemetry
from api.problems import internal_error
from db.logs import write_line
from trainshed.ids import new_id

log = structlog.get_logger(__name__)

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_SECURITY_HEADERS: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
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
            answer = _Answer(request_id, scope["state"], send)
            telemetry.began()
            try:
                await self._serve(scope, receive, answer)
            finally:
                duration_s = time.perf_counter() - answer.started_at
                telemetry.ended(_operation(scope), answer.status, duration_s)
            _note(scope, answer, duration_s)

    async def _serve(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            log.exception("http.crashed")
            if answer.status is None:
                await internal_error(answer.request_id)(scope, receive, answer.send)


class _Answer:
    """Passes an answer on, with headers, and notes its status."""

    def __init__(self, request_id: str, state: dict[str, Any], send: Send) -> None:
        self.request_id = request_id
        self._state = state
        self.status: int | None = None
        self.started_at = time.perf_counter()
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = {name for name, _ in message["headers"]}
            ours = [(name, value) for name, value in _SECURITY_HEADERS.items() if name not in said]
            ours.append((b"x-request-id", self.request_id.encode()))
            allowance = self._state.get("allowance")
            if allowance is not None:
                ours += [(name.lower().encode(), value.encode()) for name, value in allowance.headers.items()]
            message["headers"] = [*message["headers"], *ours]
        await self._send(message)


def _request_id(offered: str | None) -> str:
    return offered if offered is not None and _REQUEST_ID.fullmatch(offered) else new_id("req")


def _operation(scope: Scope) -> str | None:
    """Return the operation whose route took the request."""
    found: str | None = getattr(scope.get("route"), "operation_id", None)
    return found


def _note(scope: Scope, answer: _Answer, duration_s: float) -> None:
    """Write the line. Neither query nor headers are in it: they may carry secrets."""
    fields = {
        "request_id": answer.request_id,
        "method": scope["method"],
        "path": scope["path"],
        "status": answer.status,
        "duration_ms": round(duration_s * 1000, 1),
        "client": scope["client"][0] if scope.get("client") else None,
        "key": scope["state"].get("key_id"),
    }
    write_line(__name__, "http.request", fields, level=logging.DEBUG if scope["path"] in _PROBES else logging.INFO)
