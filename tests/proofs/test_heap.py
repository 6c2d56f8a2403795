"""A short round of `python -m tests.proofs.heap`."""

from __future__ import annotations

import pytest

from tests.dashboard.conftest import CHROMIUM
from tests.proofs.heap import prove


@pytest.mark.timeout(180)
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the memory of a page was not measured")
def test_a_page_keeps_no_more_memory_after_many_live_updates() -> None:
    growth = prove(early=30, late=90)
    assert growth.holds, growth
