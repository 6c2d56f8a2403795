"""What `make bench` makes of its numbers."""

from __future__ import annotations

import pytest

from bench.gates import as_documents, at_least, at_most
from bench.w import gates_of_w


@pytest.mark.parametrize(("value", "holds"), [(1.05, True), (1.06, False), (None, None)])
def test_an_upper_bound_holds_up_to_itself_and_says_when_nothing_was_measured(value, holds):
    assert at_most("ours / floor", value, 1.05).holds is holds


@pytest.mark.parametrize(("value", "holds"), [(3.0, True), (2.99, False), (None, None)])
def test_a_lower_bound_holds_down_to_itself_and_says_when_nothing_was_measured(value, holds):
    assert at_least("script / ours", value, 3).holds is holds


def test_a_gate_is_written_down_with_its_verdict():
    assert as_documents([at_most("ours / floor", 2.0, 1.0)]) == [
        {"name": "ours / floor", "value": 2.0, "sense": "<=", "bound": 1.0, "holds": False}
    ]


def test_a_peer_that_is_not_installed_is_no_failure_and_no_success():
    arm = {"wall_s_per_job": 1.0, "cpu_s_per_job": 1.0, "different_weights": 1}
    found = {"slots": 1, "same_outputs": True, "arms": {"trainshed": arm, "fork floor": arm}}

    by_name = {gate.name: gate.holds for gate in gates_of_w(found)}

    assert by_name["W at 1 slot: Ray Jobs / ours"] is None
    assert by_name["W at 1 slot: ours / fork floor"] is True


def test_arms_that_learned_something_else_fail_the_comparison():
    arm = {"wall_s_per_job": 1.0, "cpu_s_per_job": 1.0, "different_weights": 1}
    found = {"slots": 1, "same_outputs": False, "arms": {"trainshed": arm, "fork floor": arm}}

    failed = [gate.name for gate in gates_of_w(found) if gate.holds is False]

    assert failed == ["W at 1 slot: same outputs in all arms"]
