"""What tests of streams share: reading them back, and ending those that would stand for ever."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from api.operations.tail import Tail
from tests.api.conftest import Api

SSE = "text/event-stream"
LINES = "application/x-ndjson"


@dataclass(frozen=True)
class Piece:
    """A piece of a log, as a client understands it."""

    attempt: int
    offset: int
    next_offset: int
    content: bytes
    is_text: bool

    @property
    def id(self) -> str:
        return f"{self.attempt}:{self.next_offset}"


def messages(stream: str) -> list[dict[str, str]]:
    """Read server-sent events into dictionaries of their fields."""
    blocks = [block for block in stream.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


def piece_of(data: dict[str, Any]) -> Piece:
    assert ("text" in data) != ("base64" in data)
    content = data["text"].encode() if "text" in data else base64.b64decode(data["base64"], validate=True)
    return Piece(data["attempt"], data["offset"], data["next_offset"], content, "text" in data)


def log_pieces(answer: httpx2.Response) -> tuple[list[Piece], str | None]:
    """Return the pieces of a log stream of either form, and the state that its end tells, if it has one."""
    if answer.headers["content-type"].startswith(LINES):
        found = [json.loads(line) for line in answer.text.splitlines() if line]
        ends = [line["state"] for line in found if line.get("end")]
        pieces = [piece_of(line) for line in found if not line.get("end")]
    else:
        assert answer.headers["content-type"].startswith(SSE)
        sent = messages(answer.text)
        ends = [json.loads(one["data"])["state"] for one in sent if one.get("event") == "end"]
        named = [(piece_of(json.loads(one["data"])), one["id"]) for one in sent if one.get("event") != "end"]
        assert all(piece.id == id_ for piece, id_ in named)
        pieces = [piece for piece, _ in named]
    assert len(ends) <= 1
    return pieces, ends[0] if ends else None


def tail_of(api: Api) -> Tail:
    found: Tail = api.client.app.state.parts.tail  # type: ignore[attr-defined]
    return found


@contextmanager
def opened(api: Api, path: str, **more: Any) -> Iterator[Future[httpx2.Response]]:
    """Open a stream beside what the block does. At its end the server lets all streams go."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(api.get, path, **more)
        try:
            yield asked
        finally:
            let_go(api)


def let_go(api: Api) -> None:
    assert api.client.portal is not None
    close: Callable[[], None] = tail_of(api).close
    api.client.portal.call(close)
