"""A short round of `make log-proof`."""

from __future__ import annotations

import pytest

from tests.proofs.logs import SLOTS, platform_to_prove


@pytest.mark.timeout(180)
def test_a_reader_over_a_wire_that_breaks_gets_each_byte_of_killed_jobs_once() -> None:
    with platform_to_prove(seed=2) as proof:
        outcomes = proof.run(range(SLOTS))
    assert all(outcome.holds for outcome in outcomes), outcomes
    assert proof.cuts > 0
