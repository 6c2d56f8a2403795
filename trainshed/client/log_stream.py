"""Follows a log over the server's stream, and checks that each piece goes on where the last one ended."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
from pydantic import ConfigDict, ValidationError

from trainshed.client.stream import follow
from trainshed.client.transport import Params, Transport
from trainshed.errors import UnexpectedAnswer
from trainshed.wire import WireModel


@dataclass(frozen=True, slots=True)
class Position:
    """What has been read: all before `offset` of the attempt, and all attempts before it."""

    attempt: int
    offset: int

    @property
    def event_id(self) -> str:
        """The id of the message that ends here."""
        return f"{self.attempt}:{self.offset}"


class Piece(WireModel):
    """A message of the stream. The bytes are in `text`, or in `base64` where they are no UTF-8."""

    # As for `trainshed.client.job.Job`.
    model_config = ConfigDict(use_attribute_docstrings=False)

    attempt: int
    offset: int
    next_offset: int
    text: str | None = None
    base64: str | None = None

    def content(self) -> bytes:
        """Return the bytes. Raises `UnexpectedAnswer` when they are not as many as the offsets say."""
        content = (self.text or "").encode() if self.base64 is None else base64.b64decode(self.base64)
        if len(content) != self.next_offset - self.offset:
            raise UnexpectedAnswer(f"The stream of the log brought {len(content)} bytes for {self!r}"[:200])
        return content


def follow_log(transport: Transport, path: str, start: Position) -> Iterator[tuple[bytes, Position]]:
    """Yield the bytes after `start`, each with the position behind them, until the server says that nothing follows.

    Raises `UnexpectedAnswer` when the server has no such stream, or leaves bytes out.
    """
    position = start
    params: Params = {"follow": "true", "attempt": start.attempt}
    last_id = start.event_id if start.offset else None
    for message in follow(transport, path, params=params, last_id=last_id):
        piece = _piece(message)
        known = _known_of(piece, position)
        if known is not None:
            position = Position(piece.attempt, piece.next_offset)
            yield piece.content()[known:], position


def _known_of(piece: Piece, position: Position) -> int | None:
    """Return how many bytes of the piece were read before; None: all of them. Raises `UnexpectedAnswer` for a gap."""
    read = position.offset if piece.attempt == position.attempt else 0
    if piece.attempt < position.attempt or piece.next_offset <= read:
        return None
    if piece.offset > read:
        raise UnexpectedAnswer(f"The stream of the log left out bytes {read} to {piece.offset}.")
    return read - piece.offset


def _piece(message: httpx2.ServerSentEvent) -> Piece:
    try:
        return Piece.model_validate_json(message.data)
    except ValidationError as error:
        raise UnexpectedAnswer(f"The stream brought no piece of a log: {message.data[:80]!r}") from error
