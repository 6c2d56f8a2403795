"""The page of comparison: several jobs in one picture."""

from __future__ import annotations

import re

import yaml
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import HOSTILE, ROOT, blemishes, photograph
from tests.system.platform import Platform


def test_a_running_job_is_selected_beside_a_finished_one_and_followed_to_its_end(
    page: Page, stack: Platform, trained: dict[str, str]
) -> None:
    stack.wait(trained["train"], within_s=120)
    spec = yaml.safe_load((ROOT / "examples" / "digits-train.yaml").read_text())
    spec |= {"name": "digits-again", "labels": {"team": "vision"}, "training": {"epochs": 2, "learning_rate": 0.01}}
    again = stack.submit(spec)
    page.goto("/jobs?label=team=vision&kind=train&sort=created")
    page.check("#all")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url(re.compile(r"/compare\?jobs=job_\w+,job_\w+$"))

    loss = page.get_by_role("article", name="Chart of epoch/train_loss")
    expect(loss.locator(".legend > span")).to_have_text(
        [re.compile(rf"digits {trained['train'][-6:]} [\d.]+"), re.compile(rf"digits-again {again[-6:]} [\d.]+")],
        timeout=60_000,
    )
    expect(page.locator("#live")).to_have_text("all have finished", timeout=60_000)
    scores = page.locator("[data-score='epoch/validation_accuracy'] td")
    expect(scores).to_have_text([re.compile(r"^0\.\d+|1$")] * 2)
    differing = page.locator("[data-field='training.learning_rate'] td")
    expect(differing).to_have_text(["0.0015", "0.01"])
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    page.select_option("#x-axis", "time")
    expect(loss.locator(".legend > span")).to_have_count(2)
    assert blemishes(page) == []
    photograph(page, "compare")


def test_only_fields_that_differ_are_shown_and_values_stay_text(page: Page, stack: Platform) -> None:
    common = {"kind": "command", "name": "compared", "resources": {"pool": "nowhere"}}
    one = stack.submit({**common, "command": ["echo", HOSTILE]})
    other = stack.submit({**common, "command": ["echo", "plain"], "env": {"MODE": "fast"}})
    page.goto(f"/compare?jobs={one},{other}")
    expect(page.locator("[data-field]")).to_have_count(2)
    expect(page.locator("[data-field='command[1]'] td")).to_have_text([HOSTILE, "plain"])
    expect(page.locator("[data-field='env.MODE'] td")).to_have_text(["\N{EN DASH}", "fast"])
    stack.http.post(f"/jobs/{other}/cancel")
    expect(page.locator(f"td[data-job='{other}']")).to_have_text("cancelled")


def test_what_is_not_there_is_said_and_the_rest_is_shown(page: Page, stack: Platform) -> None:
    job_id = stack.command("true")
    page.goto(f"/compare?jobs={HOSTILE},{job_id},job_00000000000000000000000000")
    expect(page.get_by_role("alert")).to_have_count(2)
    expect(page.locator(f"td[data-job='{job_id}']")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto("/compare")
    expect(page.get_by_role("heading", name="Nothing to compare yet")).to_be_visible()
