"""Each place that commits or does something outside the database, times all that may go wrong there.

Here the first occasion of each place; `make crashpoints` takes every one.
"""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

import db.idempotency
from tests.crashpoints.points import Ground, first_of_each, ground_in
from tests.crashpoints.sites import list_other_ways, list_sites, list_unused
from tests.crashpoints.world import Mode, Point

_MOST_SEEDS = 40


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground_in(tmp_path_factory.mktemp("ground")) as made:
        yield made


@pytest.fixture(scope="module")
def firsts(ground: Ground) -> list[tuple[int, Point]]:
    """A run and a point of it for each place, from as few runs as reach all of them."""
    return list(first_of_each(ground, range(_MOST_SEEDS), set()))


def test_the_runs_reach_every_place(firsts: list[tuple[int, Point]]) -> None:
    reached = {point.site for _, point in firsts}
    assert reached == list_sites(), "let tests/sim reach it, or say in sites.ELSEWHERE what stands for it"


def test_what_is_tested_elsewhere_is_still_there() -> None:
    assert not list_unused()


def test_nothing_commits_past_the_points() -> None:
    assert not list_other_ways()


@pytest.mark.parametrize("mode", Mode)
def test_a_platform_recovers_from_a_fault_at_any_place(
    ground: Ground, firsts: list[tuple[int, Point]], mode: Mode
) -> None:
    cases = [ground.strike(seed, point, mode) for seed, point in firsts]
    assert not [case for case in cases if case.violation]


def test_a_platform_that_would_not_recover_is_noticed(ground: Ground, firsts: list[tuple[int, Point]]) -> None:
    """One that has forgotten which requests it answered makes a second job when the first answer was lost."""
    (at,) = [each for each in firsts if each[1].site.where == "api/operations/intake.py:Intake._make_together"]
    with patch.object(db.idempotency, "find", lambda *_: {}):
        case = ground.strike(*at, Mode.ANSWER_LOST)
    assert case.violation is not None
