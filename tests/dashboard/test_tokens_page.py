"""The page of tokens."""

from __future__ import annotations

import re

import httpx2
from playwright.sync_api import BrowserContext, Page, expect

from tests.dashboard.conftest import HOSTILE, Seen, blemishes, photograph
from tests.system.platform import Platform


def whoami(stack: Platform, key: str) -> httpx2.Response:
    address = f"http://127.0.0.1:{stack.port}/api/v1/whoami"
    return httpx2.get(address, headers={"Authorization": f"Bearer {key}"})


def test_a_token_is_made_shown_once_and_revoked(page: Page, stack: Platform) -> None:
    page.goto("/tokens")
    page.get_by_label("Name", exact=True).fill(HOSTILE[:63])
    page.get_by_label("Role").select_option("viewer")
    page.get_by_label("Expires").select_option("30d")
    page.locator("#new-token summary").click()
    page.get_by_label("jobs:read").check()
    page.get_by_role("button", name="Create").click()
    shown = page.locator("#secret-key")
    expect(shown).to_have_text(re.compile(r"^trs_\w+"))
    key = shown.inner_text()
    made = whoami(stack, key).json()
    assert (made["role"], made["scopes"]) == ("viewer", ["jobs:read"])

    page.get_by_role("button", name="Done").click()
    expect(shown).to_have_text("")
    assert key not in page.content()
    row = page.locator(f"[data-token='{made['key_id']}']")
    expect(row).to_contain_text(HOSTILE[:63])
    expect(row).to_contain_text("jobs:read")
    assert blemishes(page) == []
    photograph(page, "tokens")

    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Leave it").click()
    assert whoami(stack, key).status_code == 200
    row.get_by_role("button", name="Revoke").click()
    page.locator("#revoke").get_by_role("button", name="Revoke").click()
    expect(row.locator(".state")).to_have_text("revoked")
    expect(row.get_by_role("button")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_key_of_the_browser_is_marked_before_it_is_revoked(page: Page, stack: Platform) -> None:
    page.goto("/tokens")
    row = page.locator("tr", has_text="this browser")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Revoke").click()
    expect(page.locator("#revoke-own")).to_be_visible()
    page.keyboard.press("Escape")
    expect(row.locator(".state")).to_have_text("active")


def test_who_is_no_administrator_sees_neither_the_link_nor_the_page(
    context: BrowserContext, stack: Platform, seen: Seen
) -> None:
    key = stack.http.post("/tokens", json={"name": "an operator", "role": "operator"}).json()["key"]
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#key", key)
    page.click("button.primary")
    expect(page.get_by_role("link", name="Workers", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Tokens", exact=True)).to_have_count(0)
    answer = page.goto("/tokens")
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text("This needs a key with the role admin")
    seen.forgive_refusals()
    assert seen.errors == []
