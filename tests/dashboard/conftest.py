"""One real stack for all tests of the pages, and a real Chromium that is signed in to it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.servers import ValkeyServer
from tests.system.platform import Platform

ROOT = Path(__file__).parents[2]
AXE = ROOT / "api" / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / ".trainshed" / "screens"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'`{{7*7}}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium there is nothing to drive; the summary says so."""
    for item in items:
        if Path(item.path).parent != Path(__file__).parent:
            continue
        item.add_marker(pytest.mark.xdist_group("dashboard"))
        item.add_marker(pytest.mark.timeout(180))
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium here: the pages were not tested in a browser"))


@pytest.fixture(scope="session")
def stack(server_folder: Path, sqlite_template: Path) -> Iterator[Platform]:
    """API, reconciler and a worker on SQLite, as `trainshed up` has them."""
    folder = server_folder / "dashboard"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "trainshed.db")
    broker = ValkeyServer(folder / "valkey")
    broker.start()
    made = Platform(folder / "platform", database_url=f"sqlite:///{folder / 'trainshed.db'}", broker_url=broker.url)
    made.start(slots=2, worker_options=("--allow-unisolated",))
    yield made
    made.stop()
    broker.stop()


@pytest.fixture(scope="session")
def trained(stack: Platform) -> dict[str, str]:
    """A training and an evaluation of its model, both submitted and perhaps not over yet."""
    train = yaml.safe_load((ROOT / "examples" / "digits-train.yaml").read_text())
    train["labels"] = {"team": "vision"}
    train["training"]["epochs"] = 12
    train_id = stack.submit(train)
    evaluate = yaml.safe_load((ROOT / "examples" / "digits-evaluate.yaml").read_text())
    return {"train": train_id, "evaluate": stack.submit({**evaluate, "model": {"job": train_id}})}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


class Seen:
    """What went wrong in a page, or left the server."""

    def __init__(self, context: BrowserContext, port: int) -> None:
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self._port = port
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", self._request)

    def forgive_refusals(self) -> None:
        """A test that has the server refuse something, or go away, hears of it from the browser too."""
        self.errors = [error for error in self.errors if not error.startswith("Failed to load resource")]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.netloc != f"127.0.0.1:{self._port}":
            self.foreign.append(request.url)


@pytest.fixture
def context(browser: Browser, stack: Platform) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=f"http://127.0.0.1:{stack.port}", viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


@pytest.fixture
def seen(context: BrowserContext, stack: Platform) -> Seen:
    return Seen(context, stack.port)


@pytest.fixture
def page(context: BrowserContext, stack: Platform, seen: Seen) -> Iterator[Page]:
    """A page of a browser that is signed in. When the test is over, nothing may have gone wrong in it."""
    sign_in(context, stack)
    opened = context.new_page()
    opened.on("dialog", lambda dialog: seen.errors.append(f"a dialog opened: {dialog.message}"))
    yield opened
    assert seen.errors == []
    assert seen.foreign == []


def key_of(stack: Platform) -> str:
    return (stack.folder / "admin.key").read_text().strip()


def sign_in(context: BrowserContext, stack: Platform) -> None:
    made = context.new_page()
    made.goto("/sign-in")
    made.fill("#key", key_of(stack))
    made.click("button.primary")
    made.wait_for_url(re.compile(r":\d+/$"))
    made.close()


def blemishes(page: Page) -> list[str]:
    """Return what axe-core finds serious in a page."""
    # Through the debugger, which the content security policy does not concern.
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0].get('failureSummary', '')}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def photograph(page: Page, name: str) -> None:
    """Keep pictures of a page, light and dark."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=SCREENS / f"{name}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")


def make_postcard(page: Page, name: str) -> None:
    """Keep a small picture of the top of a page: docs/images has one that a run of these tests has made."""
    page.set_viewport_size({"width": 1280, "height": 960})
    page.evaluate("scrollTo(0, 0)")
    picture = Image.open(BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(160, dither=Image.Dither.NONE).save(SCREENS / f"{name}.png", optimize=True)
