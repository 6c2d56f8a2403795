"""A consumer is deaf when its loop stands still for a minute although the broker answers, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reconciler.test_reap import Clock
from tests.servers import ValkeyServer
from worker.celery_config import broker_client
from worker.watch import DEAF_AFTER_S, ConsumerWatch


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[ValkeyServer]:
    server = ValkeyServer(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(broker: ValkeyServer, clock: Clock) -> ConsumerWatch:
    return ConsumerWatch(broker_client(broker.url), lambda: None, clock=clock)


def look_for(seconds: float, watch: ConsumerWatch, clock: Clock, *, ticking: bool) -> bool:
    deaf = False
    for _ in range(int(seconds // 10)):
        if ticking:
            watch.tick()
        clock.now += 10
        deaf = watch.look_once()
    return deaf


def test_a_loop_that_goes_round_is_not_deaf(watch: ConsumerWatch, clock: Clock) -> None:
    assert not look_for(3 * DEAF_AFTER_S, watch, clock, ticking=True)


def test_a_loop_that_stands_still_while_the_broker_answers_is_deaf(watch: ConsumerWatch, clock: Clock) -> None:
    assert look_for(DEAF_AFTER_S + 20, watch, clock, ticking=False)


def test_a_loop_that_stands_still_because_the_broker_is_away_is_not_deaf(
    watch: ConsumerWatch, clock: Clock, broker: ValkeyServer
) -> None:
    broker.stop()
    assert not look_for(3 * DEAF_AFTER_S, watch, clock, ticking=False)
