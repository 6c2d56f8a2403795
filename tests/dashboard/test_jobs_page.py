"""The list of jobs."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import HOSTILE, blemishes, photograph
from tests.system.platform import Platform


def test_a_job_appears_and_moves_without_a_reload(page: Page, stack: Platform) -> None:
    page.goto("/jobs")
    expect(page.locator("#live")).to_have_text("live")
    job_id = stack.command("echo", "hello")
    row = page.locator(f"tr[data-job='{job_id}']")
    expect(row).to_be_visible()
    expect(row.locator(".state")).to_have_text("succeeded", timeout=30_000)
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_filters_are_an_address_that_can_be_kept(page: Page, stack: Platform) -> None:
    wanted = stack.command("echo", "a", labels={"team": "pages", "note": "x.y"})
    stack.command("echo", "b", labels={"team": "others"})
    page.goto("/jobs")
    page.fill("[name=label]", "team=pages")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url(re.compile(r"label=team%3Dpages$"))
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_have_attribute("data-job", wanted)
    page.goto("/jobs?text=nothing-has-this-name")
    expect(page.get_by_role("heading", name="No job passes these filters")).to_be_visible()


def test_pages_follow_one_another_without_gap(page: Page, stack: Platform) -> None:
    made = stack.http.post("/jobs/batch", json={"jobs": [waiting(number) for number in range(50)]})
    assert made.status_code == 202, made.text
    page.goto("/jobs?label=pages=yes&sort=name")
    first = page.locator("tbody .name > a").all_text_contents()
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("link", name="First page")).to_be_visible()
    rest = page.locator("tbody .name > a:first-child").all_text_contents()
    names = [name for name in [*first, *rest] if name.startswith("waits")]
    assert names == [f"waits-{number:02}" for number in range(50)]


def waiting(number: int) -> dict[str, object]:
    return {
        "kind": "command",
        "name": f"waits-{number:02}",
        "command": ["true"],
        "resources": {"pool": "nowhere"},
        "labels": {"pages": "yes"},
    }


def test_many_are_cancelled_at_once(page: Page, stack: Platform) -> None:
    labels = {"bulk": "yes"}
    for number in range(3):
        stack.submit({**waiting(number), "labels": labels})
    page.goto("/jobs?label=bulk=yes")
    page.check("#all")
    expect(page.locator("#bulk")).to_contain_text("3 selected")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("tbody .state[data-state=cancelled]")).to_have_count(3)


def test_a_selection_survives_what_changes_meanwhile(page: Page, stack: Platform) -> None:
    job_id = stack.submit({**waiting(1), "labels": {"kept": "yes"}})
    page.goto("/jobs?label=kept=yes")
    page.check(f"#check-{job_id}")
    stack.submit({**waiting(2), "labels": {"kept": "yes"}})
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator(f"#check-{job_id}")).to_be_checked()


def test_rows_are_reached_selected_and_opened_by_keys_which_can_be_switched_off(page: Page, stack: Platform) -> None:
    ids = [stack.submit({**waiting(number), "labels": {"keys": "yes"}}) for number in range(2)]
    page.goto("/jobs?label=keys=yes&sort=created")
    for key in ("j", "j", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator(f"#check-{ids[1]}")).to_be_checked()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(ids[0]))
    page.keyboard.press("?")
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.keyboard.press("?")
    page.check("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_url(re.compile("/workers"))


def test_hostile_filters_stay_text(page: Page, stack: Platform) -> None:
    page.goto("/jobs?" + "&".join(f"{name}={HOSTILE}" for name in ("text", "label", "kind", "state", "sort", "cursor")))
    expect(page.locator("h1")).to_have_text("Jobs")


def test_the_list_is_usable_by_all_and_on_a_phone(page: Page, stack: Platform, trained: dict[str, str]) -> None:
    stack.wait(trained["train"])
    page.goto("/jobs?kind=train&kind=evaluate&sort=created")
    expect(page.locator("svg.spark").first).to_be_visible()
    assert blemishes(page) == []
    photograph(page, "jobs")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    photograph(page, "jobs-phone")


def test_the_first_load_is_small(page: Page, stack: Platform, trained: dict[str, str]) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(sum_of(request.sizes())))
    page.goto(f"/jobs/{trained['train']}")
    expect(page.locator("#log > div").first).to_be_visible(timeout=30_000)
    assert sum(sizes) <= 150_000


def sum_of(sizes: object) -> int:
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]  # type: ignore[index]
