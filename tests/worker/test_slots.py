"""Slots: what is taken is counted once, and claims ask for exactly what is left."""

from __future__ import annotations

import pytest

from db.leases import Lease
from db.transitions import Capacity, Claim
from tests.factories import CAPACITY
from worker.slots import Slots


def a_claim(number: int, *, cpus: float | None = None, memory: int | None = None, gpus: int = 0) -> Claim:
    return Claim(
        Lease(f"job_{number}", 1, "wrk_a"), "prj", "command", {}, cpus, memory, gpus, 0.0, 0.0, 0.0, 0.0, more=False
    )


def test_no_more_slots_are_taken_than_there_are() -> None:
    slots = Slots(2, CAPACITY)
    assert [slots.take(), slots.take(), slots.take()] == [True, True, False]
    slots.give()
    assert slots.free == 1
    assert slots.take()


def test_a_claim_asks_for_what_the_others_left_and_gets_it_back_when_they_end() -> None:
    slots = Slots(3, CAPACITY)
    asked: list[Capacity] = []

    def win(claim: Claim | None) -> Claim | None:
        def ask(capacity: Capacity) -> Claim | None:
            asked.append(capacity)
            return claim

        return slots.claim(ask)

    first, second = a_claim(1, cpus=1.5, memory=2**30), a_claim(2)
    win(first)
    win(second)
    win(None)
    slots.release(first)
    win(None)
    assert [capacity.cpus for capacity in asked] == pytest.approx([2.0, 0.5, -0.5, 1.0], abs=1e-3)
    assert [capacity.memory_bytes for capacity in asked] == [2**33, 2**33 - 2**30, 2**33 - 2**30, 2**33]
    assert slots.busy == 1
