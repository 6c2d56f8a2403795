"""The page of a new job: the form and the text are one spec, which the server checks all the while."""

from __future__ import annotations

import re

import yaml
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import HOSTILE, ROOT, blemishes, photograph
from tests.system.platform import Platform
from trainshed.specs import json_schema, parse_spec


def field(page: Page, path: str) -> str:
    return f"[data-path='{path}'] :is(input, select, textarea)"


def fine(page: Page) -> None:
    expect(page.locator("#verdict")).to_have_text("This spec is fine.")


def wrong(page: Page) -> None:
    expect(page.locator("#verdict")).to_have_attribute("data-verdict", "wrong")


def written(page: Page) -> dict[str, object]:
    read: dict[str, object] = yaml.safe_load(page.input_value("#text"))
    return read


def test_a_job_is_made_with_the_keyboard_alone_and_leads_to_its_page(page: Page, stack: Platform) -> None:
    page.goto("/jobs/new?kind=command")
    wrong(page)
    page.locator(field(page, "name")).focus()
    page.keyboard.type("by-keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("echo from the form")
    expect(page.locator("#text")).to_have_value(re.compile("echo from the form"))
    fine(page)
    page.locator("#submit").press("Enter")
    page.wait_for_url(re.compile(r"/jobs/job_\w{26}$"))
    job = stack.job(page.url.rpartition("/")[2])
    assert (job["name"], job["spec"]["command"]) == ("by-keyboard", "echo from the form")


def test_an_example_of_each_kind_and_family_fills_the_form_and_comes_back_out_of_it_unchanged(
    page: Page, stack: Platform
) -> None:
    documents = {file.stem: yaml.safe_load(file.read_text()) for file in sorted((ROOT / "examples").glob("*.yaml"))}
    each = {(document["kind"], document.get("model", {}).get("family")): name for name, document in documents.items()}
    for name in each.values():
        page.goto(f"/jobs/new?example={name}")
        expect(page.locator(field(page, "name")).first).to_have_value(documents[name]["name"])
        page.locator(field(page, "priority")).fill("7")
        expect(page.locator("#text")).to_have_value(re.compile("priority: 7"))
        assert parse_spec(written(page)) == parse_spec({**documents[name], "priority": 7})


def test_the_form_offers_every_kind_family_and_step_of_the_schema_with_all_its_fields(
    page: Page, stack: Platform
) -> None:
    schema = json_schema()
    train = schema["$defs"]["TrainSpec"]["properties"]
    page.goto("/jobs/new?example=digits-train")
    fine(page)
    choose_each(page, "preprocess[0]", "step", train["preprocess"]["items"]["discriminator"]["mapping"])
    choose_each(page, "model", "family", train["model"]["discriminator"]["mapping"])
    choose_each(page, "", "kind", schema["discriminator"]["mapping"])


def choose_each(page: Page, path: str, tag: str, mapping: dict[str, str]) -> None:
    """Choose what a field may be, one after the other, and see that the form has all fields of each."""
    before = f"{path}." if path else ""
    picker = page.locator(field(page, before + tag))
    offered = picker.locator("option").all_text_contents()
    assert set(offered) - {"choose one"} == set(mapping)
    for name, reference in mapping.items():
        picker.select_option(name)
        shown = set(page.locator("#form [data-path]").evaluate_all("all => all.map((one) => one.dataset.path)"))
        fields = json_schema()["$defs"][reference.rpartition("/")[2]]["properties"]
        assert {before + each for each in fields} <= shown


def test_an_error_stands_at_its_field_and_goes_when_it_is_mended(page: Page, stack: Platform) -> None:
    page.goto("/jobs/new?example=digits-train")
    fine(page)
    epochs = page.locator(field(page, "training.epochs"))
    epochs.fill("0")
    expect(epochs).to_have_attribute("aria-invalid", "true")
    expect(epochs).to_have_accessible_description(re.compile("greater than or equal to 1, got 0"))
    page.get_by_role("button", name="training.epochs: input should be").click()
    expect(epochs).to_be_focused()
    epochs.fill("3")
    fine(page)
    expect(epochs).not_to_have_attribute("aria-invalid", "true")


def test_the_text_changes_the_form_and_says_where_it_cannot_be_read(page: Page, stack: Platform) -> None:
    page.goto("/jobs/new?kind=command")
    page.fill("#text", "{kind: command, name: x, command: [echo, 'a b'], timeout: {run: 1h30m}, labels: {team: x}}")
    fine(page)
    expect(page.locator(field(page, "timeout.run"))).to_have_value("1h30m")
    expect(page.locator(field(page, "command[1]"))).to_have_value("a b")
    expect(page.get_by_label("Value of labels 1")).to_have_value("x")
    page.fill("#text", "kind: [")
    expect(page.locator("#verdict")).to_contain_text("line 1, column 8")
    page.fill("#text", f"kind: command\nname: '{HOSTILE.replace(chr(39), chr(39) * 2)}'\ncommand: [a]\n")
    expect(page.locator(field(page, "name"))).to_have_value(HOSTILE)


def test_steps_are_added_moved_and_removed(page: Page, stack: Platform) -> None:
    page.goto("/jobs/new?example=digits-train")
    fine(page)
    page.get_by_role("button", name="Add to preprocess").click()
    page.locator(field(page, "preprocess[3].step")).select_option("cutout")
    page.get_by_role("button", name="Move preprocess 4 up").click()
    page.get_by_role("button", name="Remove preprocess 2").click()
    expect(page.locator(field(page, "preprocess[1].step"))).to_have_value("cutout")
    expect(page.locator("#text")).to_have_value(re.compile(r"- step: rescale\n[^-]*- step: cutout\n- step: random_tr"))


def test_another_kind_keeps_what_both_have_and_drops_the_rest(page: Page, stack: Platform) -> None:
    page.goto("/jobs/new?example=digits-train")
    fine(page)
    page.locator(field(page, "kind")).select_option("profile")
    expect(page.locator("#text")).to_have_value(re.compile("kind: profile"))
    assert written(page).keys() == {"kind", "name", "data", "resources"}


def test_a_dry_run_tells_what_would_come_of_it_and_stores_nothing(page: Page, stack: Platform) -> None:
    page.goto("/jobs/new?example=digits-train")
    page.locator(field(page, "name")).fill("only-tried")
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#outcome")).to_contain_text("In the pool cpu the job would be queued")
    expect(page.locator("#outcome-spec")).to_contain_text("label_smoothing: 0.0")
    assert stack.http.get("/jobs", params={"name": "only-tried"}).json()["items"] == []


def test_a_clone_begins_with_what_the_job_says_beside_the_defaults(page: Page, stack: Platform) -> None:
    job_id = stack.submit({"kind": "command", "name": "first", "command": ["true"], "resources": {"pool": "nowhere"}})
    page.goto(f"/jobs/{job_id}")
    page.get_by_role("link", name="Clone as a form").click()
    fine(page)
    assert written(page) == {"kind": "command", "name": "first", "resources": {"pool": "nowhere"}, "command": ["true"]}


def test_the_page_is_usable_by_all_on_a_phone_and_light(page: Page, stack: Platform) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto("/jobs/new?example=digits-train")
    fine(page)
    assert sum(sizes) <= 150_000
    page.locator(field(page, "training.epochs")).fill("0")
    wrong(page)
    assert blemishes(page) == []
    photograph(page, "new-job")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
