"""What a browser fetches that has seen no page before: little enough for a slow line."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Response, expect

from api.dashboard import ROUTERS
from api.dashboard.page_route import PageRoute
from tests.dashboard.conftest import sign_in
from tests.system.platform import Platform

MOST_BYTES = 150_000
PAGE_PARTS = {"document", "stylesheet", "script", "image", "font", "manifest", "other"}
"""All that a page is made of; what it then asks for (points, log) grows with the job."""
PARTS = {"/jobs/{job_id}/why"}
"""What pages ask for by parts."""


class Fetched:
    """Everything that a browser was sent for a page, by address."""

    def __init__(self, context: BrowserContext) -> None:
        self.answers: list[Response] = []
        context.on("response", self._note)

    @property
    def sizes(self) -> dict[str, int]:
        parts = [answer for answer in self.answers if answer.request.resource_type in PAGE_PARTS]
        return {answer.url: answer.request.sizes()["responseBodySize"] for answer in parts}

    def _note(self, answer: Response) -> None:
        self.answers.append(answer)


def first_load(context: BrowserContext, path: str) -> dict[str, int]:
    """Open a page; return the bytes that were sent of each of its parts, compressed as they were."""
    fetched = Fetched(context)
    page = context.new_page()
    page.goto(path)
    expect(page.locator("main")).to_be_visible()
    page.wait_for_load_state("load")
    sizes = fetched.sizes
    assert len(sizes) >= 5, sizes
    return sizes


def pages_with(job_id: str, dataset: str) -> list[str]:
    """Return the address of every page there is."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, PageRoute)]
    paths = [route.path for route in routes if "GET" in route.methods and route.path not in PARTS]
    return [path.replace("{job_id}", job_id).replace("{name}", dataset) for path in paths]


def test_no_page_takes_more_than_150_kilobytes_to_load(context: BrowserContext, stack: Platform) -> None:
    sign_in(context, stack)
    browser = context.browser
    assert browser is not None
    loads = {}
    stack.dataset("small", b"x,y\n1,0\n2,1\n")
    for path in pages_with(stack.command("true"), "small"):
        # A context of its own: an empty cache.
        fresh = browser.new_context(base_url=f"http://127.0.0.1:{stack.port}", storage_state=context.storage_state())
        loads[path] = sum(first_load(fresh, path).values())
        fresh.close()
    assert {"/", "/jobs", "/workers", "/sign-in"} <= set(loads)
    assert {path: size for path, size in loads.items() if size > MOST_BYTES} == {}


def test_scripts_and_styles_are_sent_compressed(context: BrowserContext, stack: Platform) -> None:
    sign_in(context, stack)
    fetched = Fetched(context)
    context.new_page().goto("/jobs", wait_until="load")
    assets = [answer for answer in fetched.answers if re.search(r"/assets/.*\.(js|css)$", answer.url)]
    assert assets
    assert [answer.url for answer in assets if answer.header_value("content-encoding") != "gzip"] == []
