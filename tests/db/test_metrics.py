"""A series is thinned out to few points that still show its shape."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, insert

from db.engine import Database
from db.models import MetricPoint, MetricSeries
from db.queries.metrics import list_points, thin_out
from tests.factories import make_project, submit

FIRST, LAST = -(2**63), 2**63 - 1
_numbers = itertools.count(1)

steps = st.one_of(st.integers(FIRST, LAST), st.integers(0, 300), st.sampled_from([FIRST, -1, 0, 1, LAST]))
values = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, 1.0]))


@pytest.fixture
def job_id(database: Database) -> str:
    with database.begin() as conn:
        make_project(conn)
        return submit(conn)


def store(database: Database, job_id: str, points: dict[int, float]) -> int:
    """Make a series and return its identifier."""
    with database.begin() as conn:
        series = {"job_id": job_id, "name": f"series-{next(_numbers)}", "last_step": 0, "last_value": 0.0}
        series_id: int = conn.execute(insert(MetricSeries).returning(MetricSeries.id), series).scalar_one()
        rows = [
            {"series_id": series_id, "step": step, "value": value, "attempt": 1, "at": 1.0}
            for step, value in points.items()
        ]
        conn.execute(insert(MetricPoint), rows)
    return series_id


def pairs(rows: Sequence[Row[Any]]) -> list[tuple[int, float]]:
    return [(row.step, row.value) for row in rows]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    points=st.dictionaries(steps, values, min_size=1, max_size=120),
    most=st.integers(4, 60),
    bounds=st.tuples(steps, steps),
)
def test_what_is_left_is_part_of_the_series_in_order_with_its_ends_and_its_extremes(
    database: Database, job_id: str, points: dict[int, float], most: int, bounds: tuple[int, int]
) -> None:
    series_id = store(database, job_id, points)
    for since, until in ((FIRST, LAST), (min(bounds), max(bounds))):
        with database.read() as conn:
            left = pairs(thin_out(conn, series_id, since_step=since, until_step=until, points=most))
            there = pairs(list_points(conn, series_id, since_step=since, until_step=until, limit=1_000))
        assert there == sorted((step, value) for step, value in points.items() if since <= step <= until)
        assert len(left) <= most
        assert left == sorted(set(left))
        assert set(left) <= set(there)
        if len(there) <= most:
            assert left == there
        else:
            assert (left[0], left[-1]) == (there[0], there[-1])
            assert {value for _, value in left} >= {max(v for _, v in there), min(v for _, v in there)}


def test_every_peak_is_kept_where_each_stretch_has_one(database: Database, job_id: str) -> None:
    series_id = store(database, job_id, {step: 100.0 if step % 50 == 25 else float(step % 7) for step in range(500)})
    with database.read() as conn:
        left = pairs(thin_out(conn, series_id, since_step=FIRST, until_step=LAST, points=40))
    assert [step for step, value in left if value == 100.0] == list(range(25, 500, 50))


def test_an_empty_range_has_no_points(database: Database, job_id: str) -> None:
    series_id = store(database, job_id, {1: 1.0})
    with database.read() as conn:
        assert thin_out(conn, series_id, since_step=2, until_step=1, points=4) == []
