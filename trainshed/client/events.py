"""Reads and follows events: of one job, or of all jobs of the project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeVar

import httpx2
from pydantic import ConfigDict, ValidationError

from trainshed.client.addresses import API
from trainshed.client.stream import follow
from trainshed.client.transport import Transport
from trainshed.errors import UnexpectedAnswer
from trainshed.wire import Event, EventList, ProjectEvents

_PAGE: Final = 100
_PROJECT: Final = f"{API}/events"
_PROJECT_PAGE: Final = 1_000
E = TypeVar("E", bound=Event)


class EventReader:
    """Reads the events of one job. `path` is their address."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path

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
        last = 0
        for message in follow(self._transport, self._path):
            event = _read(Event, message)
            if event.seq > last:
                last = event.seq
                yield event


class ProjectEvent(Event):
    """An event among those of all jobs of the project."""

    # As for `trainshed.client.job.Job`.
    model_config = ConfigDict(use_attribute_docstrings=False)

    cursor: str | None = None
    """Where it lies in the order of commits, to go on after it. A list names that of the last event of each page."""


class _ProjectPage(ProjectEvents):
    # As for `trainshed.client.job.Job`.
    model_config = ConfigDict(use_attribute_docstrings=False)

    items: tuple[ProjectEvent, ...]


class ProjectEventReader:
    """Reads the events of all jobs of the project, in the order of commits."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, after: str | None) -> Iterator[ProjectEvent]:
        """Yield the events so far, from the oldest on, or after a cursor."""
        while True:
            page = self._transport.get(_PROJECT, _ProjectPage, params={"after": after, "limit": _PROJECT_PAGE})
            yield from page.items[:-1]
            for last in page.items[-1:]:
                yield last.model_copy(update={"cursor": page.next_cursor})
            if not page.items and page.next_cursor == after:
                return
            after = page.next_cursor

    def follow(self, after: str | None) -> Iterator[ProjectEvent]:
        """Yield events as they happen, from now on, or after a cursor. It has no end; dropped streams are resumed."""
        for message in follow(self._transport, _PROJECT, last_id=after):
            if message.id != after:
                after = message.id
                yield _read(ProjectEvent, message).model_copy(update={"cursor": after})


def _read(model: type[E], message: httpx2.ServerSentEvent) -> E:
    try:
        return model.model_validate_json(message.data)
    except ValidationError as error:
        raise UnexpectedAnswer(f"The stream brought no event: {message.data[:80]!r}") from error
