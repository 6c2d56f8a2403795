"""Zygotes for the tests: real processes, shared by the tests of a module where they are not the thing under test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.launch.jobs import close_all
from worker.launch.launcher import LIGHT, Zygote


@pytest.fixture(autouse=True)
def _closed_jobs() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture(scope="module")
def light() -> Iterator[Zygote]:
    with Zygote(LIGHT) as zygote:
        yield zygote
