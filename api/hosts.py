"""Answers to its own names alone, so that no page of another site can reach it by a name of its own (DNS rebinding)."""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem_response
from trainshed.errors import Misdirected

_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))(?::[0-9]+)?")


class HostCheck:
    """ASGI middleware. `hosts` of None lets all pass."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._hosts is None or _host(scope) in self._hosts:
            await self._app(scope, receive, send)
            return
        error = Misdirected("The Host header of the request names another server.")
        await problem_response(error, scope["state"]["request_id"])(scope, receive, send)


def _host(scope: Scope) -> str:
    """Return the host without its port; an IPv6 address without its brackets."""
    match = _HOST.fullmatch(Headers(scope=scope).get("host", ""))
    return "" if match is None else (match[1] or match[2]).lower()
