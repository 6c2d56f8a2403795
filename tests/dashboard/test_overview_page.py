"""The first page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import blemishes, photograph
from tests.system.platform import Platform

FAILS = "raise SystemExit('no such file: /data/train.csv')"


def test_the_first_page_shows_what_goes_on_as_it_happens_and_nothing_jumps(page: Page, stack: Platform) -> None:
    page.goto("/")
    expect(page.locator("#live")).to_have_text("live")
    before = page.locator("#pools-title").bounding_box()
    job_id = stack.command("sleep", "600", labels={"page": "overview"})
    running = page.locator("section[aria-labelledby=running-title]")
    expect(running.locator(f"[data-job='{job_id}']")).to_be_visible()
    expect(page.locator("[data-pool=cpu] meter")).to_have_attribute("value", "1", timeout=30_000)
    stack.http.post(f"/jobs/{job_id}/cancel")
    ended = page.locator("section[aria-labelledby=ended-title]")
    expect(ended.locator(f"[data-job='{job_id}'] [data-state=cancelled]")).to_be_attached(timeout=30_000)
    assert page.locator("#pools-title").bounding_box() == before
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_what_needs_attention_has_a_next_action(page: Page, stack: Platform, trained: dict[str, str]) -> None:
    stack.wait(trained["train"])
    failed = stack.command("python3", "-c", FAILS)
    waits = stack.submit(
        {"kind": "command", "name": "unserved", "command": ["true"], "resources": {"pool": "attention"}}
    )
    stack.wait(failed)
    page.goto("/")
    pool = page.locator(".attention li", has_text="which no worker serves").filter(has_text="attention")
    expect(pool.locator("code")).to_have_text("TRAINSHED_SERVES=attention python -m worker")
    expect(page.locator(f"#attention-{failed}")).to_have_attribute("href", f"/jobs/{failed}#why")
    assert blemishes(page) == []
    photograph(page, "overview")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    photograph(page, "overview-phone")
    page.click(f"#retry-{failed}")
    expect(page.locator("#toasts")).to_contain_text("Submitted again")
    stack.http.post(f"/jobs/{waits}/cancel")
