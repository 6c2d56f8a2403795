"""A server that was silent a moment ago is not asked again at once."""

from __future__ import annotations

import pytest

from db.breaker import Breaker
from db.engine import DatabaseUnavailable, open_database
from tests.servers import free_port


def test_it_is_open_for_its_rest_and_no_longer() -> None:
    now = 100.0
    breaker = Breaker(1.0, now=lambda: now)
    assert not breaker.is_open
    breaker.trip()
    now = 100.99
    assert breaker.is_open
    now = 101.0
    assert not breaker.is_open


def test_after_silence_others_are_refused_without_a_question() -> None:
    database = open_database(f"postgresql://127.0.0.1:{free_port()}/nothing", rest_s=60)
    messages = []
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable) as caught, database.read():
            pass
        messages.append(str(caught.value))
    assert "refused" in messages[0]
    assert messages[1] == "the database did not answer a moment ago"
    database.close()
