"""Reads lists that the server gives out page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeVar

from trainshed.client.transport import Params, Transport
from trainshed.errors import UnexpectedAnswer
from trainshed.wire import DatasetPage, JobPage

_PAGE: Final = 50
P = TypeVar("P", JobPage, DatasetPage)


def read_pages(
    transport: Transport, path: str, model: type[P], *, params: Params | None = None, limit: int | None = None
) -> Iterator[P]:
    """Yield pages until `limit` items were given or there are no more. A short or empty page need not be the last."""
    left, cursor = limit, None
    while left is None or left > 0:
        size = _PAGE if left is None else min(left, _PAGE)
        page = transport.get(path, model, params={**(params or {}), "limit": size, "cursor": cursor})
        yield page
        if page.next_cursor is None:
            return
        if page.next_cursor == cursor:
            raise UnexpectedAnswer("The list does not advance: the server gave the same cursor again.")
        cursor = page.next_cursor
        left = None if left is None else left - len(page.items)
