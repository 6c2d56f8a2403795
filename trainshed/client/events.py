"""Follows the events of a job over one stream that is opened again wherever it broke off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx2
from pydantic import ValidationError

from trainshed.client.problems import unexpected
from trainshed.client.transport import Call, Passing, Transport
from trainshed.errors import Unavailable
from trainshed.wire import Event, EventList

_SILENCE_S: Final = 45.0
"""A server sends a comment each 15 s; after three missed ones the connection is dead."""
_PAGE: Final = 100


class EventReader:
    """Reads the events of one job. `path` is the address of the job."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = f"{path}/events"

    def read(self) -> Iterator[Event]:
        """Yield the events so far."""
        last = 0
        while True:
            page = self._transport.get(self._path, EventList, params={"after": last, "limit": _PAGE}).items
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1].seq

    def follow(self) -> Iterator[Event]:
        """Yield all events, old and new, each once, until the one that ends the job. Dropped streams are resumed."""
        patience, last = self._transport.patience, 0
        tries = patience.start()
        while True:
            opened_at = patience.now()
            try:
                for event in self._stream(last):
                    if event is None:
                        return
                    if event.seq > last:
                        last = event.seq
                        tries = patience.start()
                        yield event
                passing = Passing(Unavailable("The server closed the stream of events before the job had ended."))
            except Passing as caught:
                passing = caught
            if (
                patience.now() - opened_at > patience.longest_s
            ):  # it stood in silence, and that is no failure to connect
                tries = patience.start()
            if not tries.wait(at_least_s=passing.retry_after_s):
                raise passing.error from passing.__cause__

    def _stream(self, last: int) -> Iterator[Event | None]:
        """Yield events after `last`, and None when the server says that nothing will follow."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if last:
            headers["Last-Event-ID"] = str(last)
        with self._transport.stream(Call("GET", self._path, headers=headers, patience_s=_SILENCE_S)) as response:
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                response.read()
                raise unexpected(response, "no stream of events")
            for message in httpx2.EventSource(response):
                yield None if message.event == "end" else _event(message, response)


def _event(message: httpx2.ServerSentEvent, response: httpx2.Response) -> Event:
    try:
        return Event.model_validate_json(message.data)
    except ValidationError as error:
        raise unexpected(response, f"no event: {message.data[:80]!r}") from error
