"""Cursors of lists and of events: what is written is read back, and what was not is refused as bad input."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.operations.cursors import read_cursor, write_cursor
from api.operations.positions import read_position, write_position
from api.routes.jobs import JobQuery
from db.queries.events import Position
from db.queries.job_pages import JobSort, Key
from trainshed.errors import InvalidRequest

identifiers = st.from_regex(r"job_[0-9a-z]{26}", fullmatch=True)
names = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?", fullmatch=True)
numbers = st.integers(0, 2**63 - 1)


@st.composite
def places(draw: st.DrawFn) -> tuple[JobSort, Key]:
    """A sort, and the key of a job in a list that is so sorted."""
    sort = draw(st.sampled_from(list(JobSort)))
    leading = {"finished_at": st.floats(0, 1e11), "name": names}.get(sort.column)
    last_id = draw(identifiers)
    return sort, (last_id,) if leading is None else (draw(leading), last_id)


@given(places())
def test_a_cursor_reads_back_as_the_place_it_was_written_for(place: tuple[JobSort, Key]) -> None:
    sort, key = place
    cursor = write_cursor(sort, key)

    assert read_cursor(cursor, sort) == key
    assert JobQuery(cursor=cursor).cursor == cursor


@given(places(), st.sampled_from(list(JobSort)))
def test_a_cursor_of_another_order_is_refused_by_name(place: tuple[JobSort, Key], other: JobSort) -> None:
    sort, key = place
    if other != sort:
        with pytest.raises(InvalidRequest) as refused:
            read_cursor(write_cursor(sort, key), other)
        assert f"sorted by {sort}, not by {other}" in refused.value.errors[0].message


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True), st.sampled_from(list(JobSort)))
def test_any_other_text_is_bad_input_and_nothing_worse(text: str, sort: JobSort) -> None:
    with suppress(InvalidRequest):
        assert write_cursor(sort, read_cursor(text, sort)) == text.rstrip("=")


@given(numbers, numbers)
def test_a_position_reads_back_as_it_was_written(txid: int, number: int) -> None:
    assert read_position(write_position(Position(txid, number)), path="after") == (txid, number)


@given(st.text() | st.from_regex(r"[0-9]{1,25}-[0-9]{1,25}", fullmatch=True))
def test_a_text_that_is_no_position_is_bad_input_and_nothing_worse(text: str) -> None:
    with suppress(InvalidRequest):
        assert max(read_position(text, path="after")) < 2**63


def test_the_key_of_a_cursor_is_all_it_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequest):
        read_cursor(json.dumps([2, "-created"]), JobSort.NEWEST)
