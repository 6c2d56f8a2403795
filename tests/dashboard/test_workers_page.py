"""The page of workers."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import blemishes, photograph
from tests.system.platform import Platform


def test_a_worker_is_drained_and_resumed_by_hand(page: Page, stack: Platform) -> None:
    page.goto("/workers")
    expect(page.locator("[data-worker] .state")).to_have_text("active")
    assert blemishes(page) == []
    photograph(page, "workers")
    page.get_by_role("button", name="Drain").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Drain")).to_be_visible()
    assert [worker["drain"] for worker in stack.worker_rows()] == [False]
