"""A page that nobody sees reads nothing, and catches up when somebody looks."""

from __future__ import annotations

from playwright.sync_api import Page, Request, expect

from tests.dashboard.conftest import Seen
from tests.system.platform import Platform

_BEHIND = """
    window.behind = false;
    Object.defineProperty(document, "hidden", { get: () => window.behind });
"""
_PRINTS = "import time\nfor n in range(400): print('line', n, flush=True); time.sleep(0.05)"


def test_a_page_behind_other_windows_reads_nothing_until_it_comes_to_the_front(
    page: Page, stack: Platform, seen: Seen
) -> None:
    page.add_init_script(_BEHIND)
    job_id = stack.command("python3", "-uc", _PRINTS)
    page.goto(f"/jobs/{job_id}")
    expect(page.locator("#log")).to_contain_text("line 20")
    page.evaluate("window.behind = true")
    stack.wait_for_log(job_id, "line 60")
    page.evaluate("null")  # what it was still reading when it went behind has been told of by now
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    stack.wait_for_log(job_id, "line 150")
    page.evaluate("null")
    assert [url for url in asked if "/logs" in url or "/metrics" in url] == []
    page.evaluate("window.behind = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#log")).to_contain_text("line 150")
    stack.http.post(f"/jobs/{job_id}/cancel")
    assert seen.errors == []
