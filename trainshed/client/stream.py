"""One stream of server-sent events that is opened again wherever it broke off (WHATWG HTML section 9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx2

from trainshed.client.problems import unexpected
from trainshed.client.transport import Call, Params, Passing, Transport
from trainshed.errors import Unavailable

_SILENCE_S: Final = 45.0
"""A server sends a comment each 15 s; after three missed ones the connection is dead."""
_MOST_BYTES: Final = 64 << 20
"""Of one message. A piece of a log may have 1 MiB, and JSON writes some bytes as six."""


def follow(
    transport: Transport, path: str, *, params: Params | None = None, last_id: str | None = None
) -> Iterator[httpx2.ServerSentEvent]:
    """Yield messages after `last_id` until the one named `end`. A dropped stream is resumed after the last one.

    A stream without a `last_id` may say where it began (`Trainshed-Cursor`): one that drops before its first message
    is resumed there. Raises `Unavailable` when patience ends without a new message, and `UnexpectedAnswer` for what is
    no stream.
    """
    patience = transport.patience
    tries = patience.start()
    while True:
        opened_at = patience.now()
        try:
            with _opened(transport, path, params, last_id) as response:
                last_id = last_id or response.headers.get("trainshed-cursor")
                for message in httpx2.EventSource(response, max_event_size=_MOST_BYTES):
                    if message.event == "end":
                        return
                    if message.id and message.id != last_id:
                        last_id = message.id
                        tries = patience.start()
                    yield message
            passing = Passing(Unavailable("The server closed the stream before its end."))
        except Passing as caught:
            passing = caught
        if patience.now() - opened_at > patience.longest_s:  # it stood in silence; that is no failure to connect
            tries = patience.start()
        if not tries.wait(at_least_s=passing.retry_after_s):
            raise passing.error from passing.__cause__


@contextmanager
def _opened(transport: Transport, path: str, params: Params | None, last_id: str | None) -> Iterator[httpx2.Response]:
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    with transport.stream(Call("GET", path, params, headers, patience_s=_SILENCE_S)) as response:
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            response.read()
            raise unexpected(response, "no stream of events")
        yield response
