"""The parameters `since` and `wait`: times and lengths of time, as text."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from api.operations.logs import FromAgo, FromTime
from api.routes.parameters import Wait
from api.routes.since import read_since
from trainshed.errors import InvalidRequest

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 - zones are added
wait = TypeAdapter(Wait)


@given(moments)
def test_a_time_of_any_zone_is_that_moment(at: datetime) -> None:
    assert read_since(at.isoformat()) == FromTime(at.timestamp())
    assert read_since(at.isoformat().replace("+", " ")) == FromTime(at.timestamp())
    utc = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert read_since(utc) == FromTime(at.timestamp())


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_length_of_time_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, seconds: int) -> None:
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    assert read_since(f"{days}d{hours}h{minutes}m{seconds}s") == FromAgo(length)


@given(st.text())
def test_any_other_text_is_bad_input_and_nothing_worse(text: str) -> None:
    with suppress(InvalidRequest):
        read_since(text)


@given(st.floats(0, 60))
def test_a_wait_may_be_written_in_seconds_with_and_without_their_unit(seconds: float) -> None:
    assert wait.validate_python(f"{seconds:.6f}s") == wait.validate_python(f"{seconds:.6f}")


@given(st.text() | st.floats().map(str))
def test_a_wait_is_never_longer_than_a_minute_nor_endless(text: str) -> None:
    with suppress(ValidationError):
        assert 0 <= wait.validate_python(text) <= 60
