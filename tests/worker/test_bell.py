"""A bell ends the wait of a loop from any thread, and does no harm when it is gone."""

from __future__ import annotations

import select
import threading

from tests.factories import CAPACITY
from worker.bell import Bell
from worker.slots import Slots


def is_rung(bell: Bell, *, within_s: float = 0.0) -> bool:
    return bool(select.select([bell.descriptor], [], [], within_s)[0])


def test_a_ring_from_another_thread_is_heard_once() -> None:
    bell = Bell()
    assert not is_rung(bell)
    threading.Thread(target=bell.ring).start()

    assert is_rung(bell, within_s=20)
    bell.silence()
    assert not is_rung(bell)
    bell.close()


def test_more_rings_than_fit_and_a_ring_after_the_end_do_no_harm() -> None:
    bell = Bell()
    for _ in range(100_000):
        bell.ring()
    bell.silence()
    bell.close()
    bell.ring()


def test_a_slot_that_is_given_back_rings() -> None:
    bell, slots = Bell(), Slots(1, CAPACITY)
    slots.freed = bell.ring
    assert slots.take()
    assert not is_rung(bell)
    slots.give()

    assert is_rung(bell)
    bell.close()
