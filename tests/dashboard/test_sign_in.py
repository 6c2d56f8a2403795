"""How a browser gets in, and who does not."""

from __future__ import annotations

import re

import httpx2
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.dashboard.conftest import Seen, blemishes, key_of, photograph, sign_in
from tests.system.platform import Platform


def address(stack: Platform, path: str = "") -> str:
    return f"http://127.0.0.1:{stack.port}{path}"


@pytest.mark.parametrize("path", ["/", "/jobs", "/jobs/job_00000000000000000000000000"])
def test_who_is_not_signed_in_is_led_to_sign_in_and_back(stack: Platform, path: str) -> None:
    answer = httpx2.get(address(stack, path), follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2F")


def test_a_wrong_key_is_refused_with_words_and_the_right_one_leads_on(
    context: BrowserContext, stack: Platform, seen: Seen
) -> None:
    page = context.new_page()
    page.goto("/jobs?state=failed")
    page.fill("#key", "trs_wrong")
    page.click("button.primary")
    expect(page.get_by_role("alert").first).to_have_text("That is no valid key.")
    assert blemishes(page) == []
    photograph(page, "sign-in")
    page.fill("#key", key_of(stack))
    page.click("button.primary")
    page.wait_for_url(re.compile(r"/jobs\?state=failed"))
    assert seen.foreign == []


def test_a_link_signs_in_once(context: BrowserContext, stack: Platform) -> None:
    made = httpx2.post(address(stack, "/sign-in/links"), headers={"Authorization": f"Bearer {key_of(stack)}"})
    assert made.status_code == 201
    page = context.new_page()
    page.goto(made.json()["path"])
    page.wait_for_url(re.compile(r":\d+/$"))
    context.clear_cookies()
    again = context.new_page()
    again.goto(made.json()["path"])
    expect(again.get_by_role("alert").first).to_have_text("This link has been used, or is too old.")


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(context: BrowserContext, stack: Platform) -> None:
    sign_in(context, stack)
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert str(stack.port) in cookie["name"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_cookie_alone_changes_nothing_from_outside_of_the_pages(stack: Platform, headers: dict[str, str]) -> None:
    cookies = {f"trainshed_session_{stack.port}": key_of(stack)}
    with httpx2.Client(cookies=cookies, headers=headers) as client:
        answer = client.post(address(stack, "/api/v1/tokens"), json={"name": "stolen", "role": "admin"})
        assert answer.status_code == 403
        assert client.post(address(stack, "/sign-out")).status_code == 403


def test_a_cookie_serves_requests_of_the_pages(stack: Platform) -> None:
    cookies = {f"trainshed_session_{stack.port}": key_of(stack)}
    with httpx2.Client(cookies=cookies, headers={"Origin": address(stack)}) as client:
        assert client.get(address(stack, "/api/v1/whoami")).status_code == 200
        assert client.post(address(stack, "/api/v1/jobs"), json={}).status_code == 422


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
def test_sign_in_leads_to_no_other_server(stack: Platform, target: str) -> None:
    headers = {"Origin": address(stack), "Content-Type": "application/x-www-form-urlencoded"}
    body = str(httpx2.QueryParams({"key": key_of(stack), "next": target}))
    answer = httpx2.post(address(stack, "/sign-in"), content=body, headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_signing_out_forgets_the_key(context: BrowserContext, stack: Platform) -> None:
    sign_in(context, stack)
    page = context.new_page()
    page.goto("/jobs")
    page.click(".menu summary")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/sign-in"))
    assert context.cookies() == []
