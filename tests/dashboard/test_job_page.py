"""The page of one job, while it trains and when it is over."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import HOSTILE, Seen, blemishes, make_postcard, photograph
from tests.system.platform import Platform

PRINTS = "import time\nfor n in range(600): print('\\033[31mline', n, '\\033[0m', flush=True); time.sleep(0.05)"


def test_charts_grow_while_a_training_runs_and_end_with_the_evaluation(
    page: Page, stack: Platform, trained: dict[str, str]
) -> None:
    page.goto(f"/jobs/{trained['train']}")
    expect(page.locator(".chart canvas").first).to_be_visible(timeout=60_000)
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    stack.wait(trained["train"])
    expect(page.locator("#live")).to_have_text("finished", timeout=30_000)
    expect(page.locator(".state.big")).to_have_text("succeeded")
    loss = page.get_by_role("article", name="Chart of epoch/loss")
    expect(loss.locator(".legend")).to_contain_text("epoch/validation_loss")
    memory = page.get_by_role("article", name="Chart of Memory")
    expect(memory.locator(".legend")).to_contain_text("MiB")
    expect(page.get_by_role("article", name="Chart of CPU").locator("canvas")).to_be_visible()
    page.check("#log-scale")
    page.locator("#smoothing").fill("0.5")
    page.select_option("#x-axis", "time")
    page.select_option("#x-axis", "step")
    page.uncheck("#log-scale")
    expect(page.locator("#log")).to_contain_text("epoch")
    assert blemishes(page) == []
    photograph(page, "job-train")
    make_postcard(page, "readme")


def test_an_evaluation_shows_its_confusion_matrix_and_classes_beside_the_baseline(
    page: Page, stack: Platform, trained: dict[str, str]
) -> None:
    stack.wait(trained["evaluate"])
    page.goto(f"/jobs/{trained['evaluate']}")
    expect(page.locator("svg.heat rect")).to_have_count(100)
    expect(page.locator("#evaluation")).to_contain_text("baseline")
    page.locator("[data-preview='evaluation.json']").click()
    expect(page.locator("#preview-body pre")).to_contain_text('"metrics"')
    page.keyboard.press("Escape")
    page.locator("[data-preview='confusion.svg']").click()
    expect(page.locator("#preview-body img")).to_be_visible()
    page.keyboard.press("Escape")
    assert blemishes(page) == []
    photograph(page, "job-evaluate")


def test_an_evaluation_shows_its_verdict_and_its_scores_by_columns(page: Page, stack: Platform) -> None:
    model = {"family": "tabular_classifier", "positive": "malignant"}
    data = {"dataset": "builtin/breast-cancer"}
    train = stack.submit({"kind": "train", "name": "tumours", "data": data, "model": model, "training": {"epochs": 3}})
    asked = {"kind": "evaluate", "name": "tumours", "model": {"job": train}, "split": "all"}
    job = stack.submit({**asked, "slices": ["mean radius"]})
    assert stack.wait(job)["state"] == "succeeded", stack.log(job)
    page.goto(f"/jobs/{job}")
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("Better than always answering benign")
    rows = page.get_by_role("region", name="By mean radius").locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_have_text(re.compile(r"up to 11\.7.*\(.* to 1\).*(better|alike|worse)"))
    assert blemishes(page) == []


def test_predictions_are_looked_into_as_a_table(page: Page, stack: Platform, trained: dict[str, str]) -> None:
    asked = {"kind": "predict", "name": "asked", "model": {"job": trained["train"]}, "split": "test"}
    job = stack.submit({**asked, "probabilities": "prediction"})
    assert stack.wait(job)["state"] == "succeeded", stack.log(job)
    page.goto(f"/jobs/{job}")
    page.locator("[data-preview='predictions.csv']").click()
    expect(page.locator("#preview-body tr").first).to_have_text("rowpredictionprobability")
    expect(page.locator("#preview-body tr")).to_have_count(200)  # as many as a preview shows of the 359
    page.keyboard.press("Escape")
    assert blemishes(page) == []


def test_the_log_follows_without_gap_or_double_over_a_restart_of_the_api(
    page: Page, stack: Platform, seen: Seen
) -> None:
    job_id = stack.command("python3", "-uc", PRINTS.replace("600", "160"))
    page.goto(f"/jobs/{job_id}")
    expect(page.locator("#log")).to_contain_text("line 20")
    stack.restart_api()
    stack.wait(job_id)
    expect(page.locator("#live")).to_have_text("finished", timeout=30_000)
    expect(page.locator("#log")).to_contain_text("line 159")
    lines = page.evaluate("[...document.querySelectorAll('#log > div')].map(line => line.textContent.trim())")
    assert [line for line in lines if line] == [f"line {number}" for number in range(160)]
    expect(page.locator("#log .f1").first).to_have_text("line 0 ")
    with page.expect_download() as download:
        page.click("#log-download")
    assert download.value.path().read_bytes().decode() == stack.log(job_id)
    page.fill("#log-search", "line 12")
    expect(page.locator("#log-found")).to_have_text("11 lines")
    seen.forgive_refusals()


def test_of_a_bar_that_overwrites_itself_the_last_state_is_shown(page: Page, stack: Platform) -> None:
    bars = "begun\\r\\n" + "".join(f"\\r{share}% of it" for share in range(0, 101, 10)) + "\\nended\\n"
    job = stack.command("printf", bars.replace("%", "%%"))
    page.goto(f"/jobs/{job}")
    expect(page.locator("#log div")).to_have_text(["begun", "100% of it", "ended"])


def test_cancel_ends_a_running_job_and_the_page_says_so(page: Page, stack: Platform) -> None:
    job_id = stack.command("sleep", "600")
    page.goto(f"/jobs/{job_id}")
    expect(page.locator(".state.big")).to_have_text("running", timeout=30_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".state.big")).to_have_text("cancelled", timeout=40_000)
    page.get_by_role("button", name="Retry").click()
    page.wait_for_url(re.compile(rf"/jobs/(?!{job_id})job_"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".state.big")).to_have_text("cancelled", timeout=40_000)


def test_a_spec_is_edited_checked_and_submitted_as_a_new_job(page: Page, stack: Platform, seen: Seen) -> None:
    job_id = stack.command("echo", "first")
    page.goto(f"/jobs/{job_id}")
    page.click("#clone-spec")
    page.wait_for_url(re.compile(rf"/jobs/(?!{job_id})job_"))
    page.click("#edit-spec")
    text = page.locator("#spec-text")
    good = text.input_value()
    text.fill(good.replace("name:", "nam:"))
    page.click("#spec-check")
    expect(page.locator("#spec-problems")).to_contain_text("nam")
    text.fill(good.replace("- first", "- second"))
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url(re.compile(rf"/jobs/(?!{job_id})job_"))
    expect(page.locator("#log")).to_contain_text("second", timeout=30_000)
    seen.forgive_refusals()


def test_what_a_job_prints_and_is_given_never_runs(page: Page, stack: Platform) -> None:
    job_id = stack.command("echo", HOSTILE, env={"TEXT": HOSTILE})
    stack.wait(job_id)
    uploaded = stack.http.put(f"/jobs/{job_id}/artifacts/{HOSTILE.replace('/', '')}.html", content=HOSTILE.encode())
    assert uploaded.status_code == 201, uploaded.text
    page.goto(f"/jobs/{job_id}")
    expect(page.locator("#log")).to_contain_text("onerror=alert(1)")
    expect(page.locator("#spec")).to_contain_text("onerror=alert(1)")
    page.locator("[data-preview]").first.click()
    expect(page.locator("#preview-body pre")).to_contain_text("onerror=alert(1)")


def test_a_job_that_is_not_there_is_said_in_words(page: Page, stack: Platform, seen: Seen) -> None:
    answer = page.goto("/jobs/job_00000000000000000000000000")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading")).to_have_text("Not here")
    seen.forgive_refusals()


def test_a_job_that_waits_says_why_rule_by_rule_and_when_that_changes(page: Page, stack: Platform) -> None:
    first = stack.submit({"kind": "command", "name": "first", "command": ["true"], "resources": {"pool": "nobody"}})
    stack.http.post(f"/jobs/{first}/hold")
    job_id = stack.command("true", depends_on=[first])
    page.goto(f"/jobs/{job_id}#why")
    expect(page.locator("[data-rule=dependencies]")).to_have_attribute("data-holds", "no")
    expect(page.locator("[data-rule=not_held]")).to_have_attribute("data-holds", "yes")
    assert blemishes(page) == []
    photograph(page, "job-waits")
    page.locator("[data-rule=dependencies] a").click()
    held = page.locator("[data-rule=not_held]")
    expect(held).to_have_attribute("data-holds", "no")
    page.get_by_role("button", name="Release").click()
    expect(held).to_have_attribute("data-holds", "yes")
    expect(page.locator("[data-rule=workers]")).to_contain_text("TRAINSHED_SERVES=nobody")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Why it did not succeed")).to_be_visible()


def test_a_job_that_failed_shows_class_evidence_and_what_to_try(page: Page, stack: Platform) -> None:
    job_id = stack.command("python3", "-c", "import json; json.loads('no json')")
    stack.wait(job_id)
    page.goto(f"/jobs/{job_id}")
    why = page.locator(".reasons")
    expect(why.locator(".state").first).to_have_text("user error")
    expect(why.locator(".evidence")).to_contain_text("json.decoder.JSONDecodeError")
    expect(why.locator(".remedies li").first).to_contain_text("Read the last lines of the log")
    assert blemishes(page) == []
    photograph(page, "job-failed")
