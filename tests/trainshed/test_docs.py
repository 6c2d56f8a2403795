"""The documents name only what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import pages

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["job.schema.json", "openapi.json", "errors.md", "cli.md", "proofs.md"])
def test_a_page_that_is_derived_from_code_is_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == pages()[name], "run: make docs"


def test_every_test_that_proves_a_promise_exists() -> None:
    page = (ROOT / "docs" / "promises.md").read_text()
    file = ""
    for found in re.findall(r"`((?:tests/[^`:]+)?(?:::\w+)?)`", page):
        path, _, name = found.partition("::")
        file = path or file
        assert (ROOT / file).exists(), found
        if name:
            assert f"def {name}(" in (ROOT / file).read_text(), found


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_promise_of_the_readme_links_to_a_test_and_is_on_the_page_of_proofs() -> None:
    promised = re.findall(r"^\| (P\d+) \|.*\| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    proved = re.findall(r"^\| (P\d+) ", (ROOT / "docs" / "promises.md").read_text(), re.MULTILINE)
    assert [name for name, _ in promised] == proved == [f"P{number}" for number in range(1, 13)]
    assert all("](tests/" in tests for _, tests in promised)
