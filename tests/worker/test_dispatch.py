"""Hints: they reach the broker, carry nothing but the pool, and a dead broker costs the caller nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import ValkeyServer, wait_until
from worker.dispatch import Publisher


@contextmanager
def publisher_to(url: str) -> Iterator[Publisher]:
    publisher = Publisher(url)
    publisher.start()
    yield publisher
    publisher.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[ValkeyServer]:
    server = ValkeyServer(tmp_path / "valkey")
    server.start()
    yield server
    server.thaw()
    server.stop()


def messages(broker: ValkeyServer) -> list[bytes]:
    with broker.client() as client:
        found: list[bytes] = client.lrange("trainshed:pool.cpu", 0, -1)
        return found


def test_a_hint_names_a_pool_and_no_job(broker: ValkeyServer) -> None:
    with publisher_to(broker.url) as publisher:
        publisher.hint(["cpu"])
        wait_until(lambda: messages(broker))
        (message,) = messages(broker)
    arguments, named, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
    assert (arguments, named) == ([], {"pool": "cpu"})
    assert b"job_" not in message


def test_hints_that_wait_for_a_frozen_broker_become_one_and_arrive_when_it_is_back(broker: ValkeyServer) -> None:
    with publisher_to(broker.url) as publisher:
        broker.freeze()
        for _ in range(1000):
            publisher.hint(["cpu"])  # would block here for ever if it waited for the broker
        wait_until(lambda: not publisher.healthy, what="the publisher to notice")
        broker.thaw()
        wait_until(lambda: publisher.healthy and messages(broker), what="the hint to arrive")
        assert len(messages(broker)) <= 4


def test_hints_that_nobody_takes_do_not_fill_the_broker(broker: ValkeyServer) -> None:
    with publisher_to(broker.url) as publisher:
        for sent in range(1, 101):
            publisher.hint(["cpu"])
            wait_until(lambda sent=sent: len(messages(broker)) >= min(sent, 64))
        assert len(messages(broker)) == 64


def test_a_hint_that_cannot_be_sent_ends_no_other(broker: ValkeyServer) -> None:
    with publisher_to(broker.url) as publisher:
        publisher.hint([7])  # type: ignore[list-item] - whatever goes wrong in there
        wait_until(lambda: not publisher.healthy)
        publisher.hint(["cpu"])
        wait_until(lambda: messages(broker))


def test_a_broker_that_is_not_there_is_noted_and_close_does_not_hang() -> None:
    with publisher_to("redis://127.0.0.1:1/0") as publisher:
        publisher.hint(["cpu"])
        wait_until(lambda: not publisher.healthy)
