"""The idle gap counts the time in which a slot is free and a job waits, and no other."""

from __future__ import annotations

import pytest

from tests.compose.idle_gap import idle_gaps
from tests.percentiles import percentile


def test_a_slot_that_takes_the_next_job_late_has_a_gap() -> None:
    assert idle_gaps([(0, 1), (0, 7)], [[(1, 5), (7, 9)]]) == [1, 2]


def test_a_slot_that_is_free_while_nothing_waits_has_none() -> None:
    assert idle_gaps([(0, 0), (10, 10)], [[(0, 5), (10, 12)]]) == []


def test_a_slot_that_sleeps_while_another_one_is_behind_has_a_gap() -> None:
    waits = [(0, 0), (0, 0), (0, 4)]
    assert idle_gaps(waits, [[(0, 4), (4, 6)], [(0, 1)]]) == [3]


def test_only_the_part_in_which_a_job_waits_counts() -> None:
    assert idle_gaps([(0, 0), (8, 9)], [[(0, 2), (9, 10)]]) == [1]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.99, 4), (0.25, 1)])
def test_a_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile([4, 1, 3, 2], share) == expected
