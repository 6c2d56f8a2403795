"""The pages of datasets: what there is, a new version from the browser, and what was found in it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Seen, blemishes, photograph
from tests.system.platform import Platform

LOOKS_MS = 60_000
"""How long a job may take to look into a dataset."""
TABLE = "age,town,came\n" + "".join(f"{20 + row % 50},{'Łódź' if row % 3 else ''},{row % 2}\n" for row in range(300))


def fits_a_phone(page: Page) -> bool:
    page.set_viewport_size({"width": 390, "height": 844})
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True


def test_a_table_is_uploaded_and_what_is_found_in_it_appears_by_itself(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "Visits 2024.csv"
    file.write_text(TABLE)
    page.goto("/datasets")
    page.get_by_label("File").set_input_files(file)
    expect(page.get_by_label("Name", exact=True)).to_have_value("visits-2024")
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_role("heading", name="visits-2024")).to_be_visible()
    rows = page.get_by_role("region", name="Rows of the table")
    expect(rows.locator("tbody tr")).to_have_count(10, timeout=LOOKS_MS)
    expect(rows).to_contain_text("Łódź")
    expect(page.locator(".problems")).to_contain_text("town has 100 missing values")
    expect(page.get_by_role("region", name="Rows of each class").locator("tbody tr")).to_have_count(2)
    expect(page.get_by_role("region", name="What is in each field")).to_contain_text("Łódź 200")
    expect(page.locator(".code")).to_contain_text("family: tabular_classifier")
    assert blemishes(page) == []
    photograph(page, "dataset")
    assert fits_a_phone(page)

    page.get_by_role("link", name="Datasets", exact=True).first.click()
    expect(page.locator("[data-dataset='visits-2024']")).to_contain_text("visits-2024@1")
    assert blemishes(page) == []
    photograph(page, "datasets")
    assert fits_a_phone(page)


def test_pictures_are_shown_and_an_earlier_version_stays_in_reach(page: Page, stack: Platform) -> None:
    stack.dataset("faces", b"x,y\n1,0\n2,1\n")
    arrays = io.BytesIO()
    np.savez(arrays, x=np.arange(20 * 64, dtype=np.uint8).reshape(20, 8, 8), y=np.arange(20) % 2)
    stack.dataset("faces", arrays.getvalue(), filename="faces.npz")
    page.goto("/datasets/faces")
    expect(page.locator("img.contact")).to_be_visible(timeout=LOOKS_MS)
    assert page.locator("img.contact").evaluate("image => image.naturalWidth") > 0
    expect(page.locator(".code")).to_contain_text("family: image_classifier")
    page.get_by_role("navigation", name="Versions").get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("region", name="Rows of the table").locator("tbody tr")).to_have_count(2, timeout=LOOKS_MS)


def test_what_cannot_be_read_says_why(page: Page, stack: Platform) -> None:
    stack.dataset("broken", b"\x89HDF\r\n\x1a\n" + bytes(100), filename="broken.h5")
    page.goto("/datasets/broken")
    expect(page.locator("#version")).to_contain_text("looks like an HDF5 file", timeout=LOOKS_MS)


def test_a_name_that_is_taken_is_refused_in_words(page: Page, tmp_path: Path, seen: Seen) -> None:
    file = tmp_path / "builtin.csv"
    file.write_text(TABLE)
    page.goto("/datasets")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#upload-problem")).to_contain_text("datasets that come with a worker")
    seen.forgive_refusals()


def test_a_dataset_that_is_not_there_is_not_found(page: Page, seen: Seen) -> None:
    answer = page.goto("/datasets/nothing")
    assert answer is not None
    assert answer.status == 404
    seen.forgive_refusals()


def test_a_prepared_version_shows_what_it_was_made_of_and_by_which_steps(page: Page, stack: Platform) -> None:
    stack.dataset("visits", TABLE.encode(), filename="visits.csv")
    steps = [{"step": "fill_missing", "using": "constant", "value": "<b>nowhere</b>"}, {"step": "standardize"}]
    spec = {"kind": "preprocess", "data": {"dataset": "visits"}, "preprocess": steps, "output": {"dataset": "made"}}
    job = stack.submit(spec)
    assert stack.wait(job)["state"] == "succeeded", stack.log(job)
    page.goto("/datasets/made")
    lineage = page.get_by_role("region", name="Lineage")
    expect(lineage).to_contain_text("visits@1")
    expect(lineage.locator("li")).to_have_count(2)
    expect(lineage.locator("li").first).to_contain_text("fill_missing using constant value <b>nowhere</b>")
    expect(page.get_by_role("region", name="Rows of the table").locator("thead")).to_contain_text("split")
    assert blemishes(page) == []
    photograph(page, "prepared")
    assert fits_a_phone(page)
    page.get_by_role("link", name="Job that made it").click()
    expect(page).to_have_url(re.compile(f"/jobs/{job}$"))
