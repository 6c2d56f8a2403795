"""Blocks say of long series what their points say, whatever was reported, in any order, resumed or not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, text

from db import checkpoints, reports
from db.blocks import DUE, NOTHING, SIZE
from db.checkpoints import Origin
from db.engine import Database
from db.queries.metrics import thin_out
from db.reports import Point
from db.transitions import Claim
from tests.factories import claim, end, make_project, submit
from trainshed.states import AttemptOutcome

EVERYTHING = (-(2**63), 2**63 - 1)
LONG = 40 * SIZE


@dataclass
class Told:
    """A training and what it has reported of one series that still counts."""

    database: Database
    won: Claim
    values: dict[int, float] = field(default_factory=dict)

    def report(self, values: dict[int, float]) -> None:
        with self.database.begin() as conn:
            reports.add_points(conn, self.won.lease, [Point("loss", step, value) for step, value in values.items()])
        self.values |= values

    def resume(self, step: int) -> None:
        with self.database.begin() as conn:
            end(conn, self.won, AttemptOutcome.PREEMPTED)
            self.won = claim(conn)
            checkpoints.drop_points_beyond(conn, self.won.lease.job_id, Origin(step=step, epoch=0))
        self.values = {at: value for at, value in self.values.items() if at <= step}

    def blocks(self) -> Sequence[Row[Any]]:
        with self.database.read() as conn:
            return conn.execute(text("SELECT * FROM metric_block ORDER BY last_step")).all()

    def sealed_step(self) -> int:
        with self.database.read() as conn:
            found: int = conn.execute(text("SELECT sealed_step FROM metric_series")).scalar_one()
        return found

    def chart(self, *, points: int, since: int = EVERYTHING[0], until: int = EVERYTHING[1]) -> list[tuple[int, float]]:
        with self.database.read() as conn:
            series_id = conn.execute(text("SELECT id FROM metric_series")).scalar_one()
            rows = thin_out(conn, series_id, since_step=since, until_step=until, points=points)
        return [(row.step, row.value) for row in rows]


@pytest.fixture
def told(database: Database) -> Told:
    return begin(database)


def begin(database: Database) -> Told:
    with database.begin() as conn:
        for table in ("event", "job", "project"):
            conn.execute(text(f"DELETE FROM {table}"))
        make_project(conn)
        submit(conn, kind="train")
        return Told(database, claim(conn))


def noise(steps: Sequence[int], seed: int) -> dict[int, float]:
    """Few values, so that most of them come more than once."""
    chance = random.Random(seed)
    return {step: chance.choice((-0.0, 0.0, 1.0, -1.0, chance.gauss(0.0, 1.0))) for step in steps}


def corners(values: dict[int, float]) -> set[int]:
    """Return the steps of the first, last, least and greatest of some points."""
    least, greatest = (min(values, key=lambda step: (sign * values[step], step)) for sign in (1, -1))
    return {min(values), max(values), least, greatest}


def check_blocks(told: Told) -> None:
    """Each block is what its points are, and they follow each other from some point to the sealed step."""
    found = told.blocks()
    assert told.sealed_step() == (found[-1].last_step if found else NOTHING)
    steps = sorted(told.values)
    sealed = [step for step in steps if found and found[0].first_step <= step <= found[-1].last_step]
    assert len(sealed) == SIZE * len(found)
    for number, block in enumerate(found):
        own = {step: told.values[step] for step in sealed[number * SIZE : (number + 1) * SIZE]}
        assert (block.first_step, block.last_step) == (min(own), max(own))
        assert {block.first_step, block.last_step, block.least_step, block.greatest_step} == corners(own)
        assert (block.least, block.greatest) == (min(own.values()), max(own.values()))


def check_chart(told: Told, *, points: int, since: int, until: int) -> None:
    """A chart is that of all points, cut where blocks begin."""
    inside = {step: value for step, value in sorted(told.values.items()) if since <= step <= until}
    whole = [block for block in told.blocks() if since <= block.first_step and block.last_step <= until]
    begins = {
        step: block.first_step for block in whole for step in inside if block.first_step <= step <= block.last_step
    }
    low = min(inside)
    width = (max(inside) - low) // (points // 4) + 1
    expected: set[int] = set()
    for _, stretch in groupby(inside, key=lambda step: (begins.get(step, step) - low) // width):
        expected |= corners({step: inside[step] for step in stretch})
    assert told.chart(points=points, since=since, until=until) == [(step, inside[step]) for step in sorted(expected)]


growths = st.tuples(st.just("grow"), st.integers(1, 3_000), st.integers(1, 9))
late = st.tuples(st.just("late"), st.integers(1, 40), st.floats(0, 1))
resumes = st.tuples(st.just("resume"), st.just(0), st.floats(0, 1))


@settings(
    max_examples=12,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each step of a shrinking writes 10,000 points
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    moves=st.lists(st.one_of(growths, late, resumes), min_size=1, max_size=6),
    bounds=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    points=st.integers(4, 40),
    seed=st.integers(0, 2**32),
)
def test_blocks_and_charts_are_those_of_the_points(
    database: Database, moves: list[tuple[str, int, float]], bounds: tuple[float, float], points: int, seed: int
) -> None:
    told = begin(database)
    told.report(noise(range(1, LONG), seed))
    for number, (move, count, amount) in enumerate(moves):
        last = max(told.values)
        at = 1 + int(amount * (last - 1))
        match move:
            case "grow":
                told.report(noise(range(last + 1, last + 1 + count * int(amount), int(amount)), seed + number))
            case "late":
                told.report(noise(range(at, at + count), seed + number))
            case _:
                told.resume(at)
        check_blocks(told)
    since, until = sorted(1 + int(share * max(told.values)) for share in bounds)
    for first, last in (EVERYTHING, (since, until)):
        if len(told.blocks()) >= points and any(first <= step <= last for step in told.values):
            left = told.chart(points=points, since=first, until=last)
            assert len(left) <= points
            peaks = corners({step: value for step, value in told.values.items() if first <= step <= last})
            assert peaks <= {step for step, _ in left}
    check_chart(told, points=4, since=EVERYTHING[0], until=EVERYTHING[1])


def test_a_chart_of_a_long_series_is_cut_where_blocks_begin(told: Told) -> None:
    told.report(noise(range(5, 5 + 3 * LONG, 3), 7))
    for points, since, until in ((40, *EVERYTHING), (64, 100, 2 * LONG), (80, 6, 3 * LONG)):
        check_chart(told, points=points, since=since, until=until)


def test_a_chart_of_many_points_is_read_from_blocks_and_not_from_the_points(told: Told) -> None:
    told.report(noise(range(LONG), 7))
    with told.database.begin() as conn:
        conn.execute(text("UPDATE metric_block SET greatest = 99.0, greatest_step = 300 WHERE first_step = 256"))
    assert (300, told.values[300]) in told.chart(points=4)


def test_few_points_make_no_block(told: Told) -> None:
    told.report(noise(range(DUE - 1), 7))
    assert told.blocks() == []
    told.report({DUE: 1.0})
    assert len(told.blocks()) == DUE // SIZE


def test_steps_at_the_ends_of_all_steps_have_their_place_in_a_chart(told: Told) -> None:
    told.report({EVERYTHING[0]: -5.0, **noise(range(EVERYTHING[1] - LONG, EVERYTHING[1] + 1), 7)})
    check_blocks(told)
    shown = told.chart(points=8)
    assert (shown[0], shown[-1][0]) == ((EVERYTHING[0], -5.0), EVERYTHING[1])


def test_a_series_that_was_there_before_blocks_catches_up_while_it_grows(told: Told) -> None:
    told.report(noise(range(LONG), 7))
    with told.database.begin() as conn:
        conn.execute(text("DELETE FROM metric_block"))
        conn.execute(text("UPDATE metric_series SET sealed_step = :nothing, fresh = 0"), {"nothing": NOTHING})
    assert len(told.chart(points=40)) <= 40
    told.report(noise(range(LONG, LONG + DUE), 8))
    told.report(noise(range(LONG + DUE, LONG + DUE + 1), 8))
    check_blocks(told)
    assert len(told.blocks()) == (LONG + DUE) // SIZE
