"""The site: it is built without a warning, says all there is, and asks no other server for anything."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs.site.build import derived_pages
from docs.site.layout import lay_out
from tests.docs.blocks import ROOT
from trainshed.client import Client
from trainshed.specs import json_schema

pytestmark = pytest.mark.timeout(180)

FETCHING = {"src", "srcset", "poster", "data", "action", "formaction"}
"""Attributes whose address a browser asks for by itself."""
ELSEWHERE = re.compile(r"^\s*(https?:)?//")


def build(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "docs.site", "--root", str(root), "--folder", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder / "site"


class Fetched(HTMLParser):
    """The addresses of other servers that a page has a browser ask."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere: list[str] = []
        self.drawn = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        asked = FETCHING | ({"href"} if tag != "a" else set())
        self.elsewhere += [value for name, value in attributes if name in asked and ELSEWHERE.match(value or "")]
        classes = (named.get("class") or "").split()
        # The theme's script would fetch what draws diagrams, and ask a repository's host for its stars.
        self.drawn += "mermaid" in classes or named.get("data-md-component") == "source"


def test_no_page_has_a_browser_ask_another_server(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        fetched = Fetched()
        fetched.feed(page.read_text())
        assert fetched.elsewhere == [], page
        assert fetched.drawn == 0, page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import\s*)[\"']?(https?:)?//", sheet.read_text()), sheet


def test_the_site_has_every_document_and_decision(site: Path) -> None:
    documents = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in ROOT.glob("docs/**/*.md")}
    assert documents <= {page.relative_to(site) for page in site.rglob("*.html")}


def test_a_warning_fails_the_build(tmp_path: Path) -> None:
    root = tmp_path / "root"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("docs", "examples", "api/dashboard/static"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for page in ROOT.glob("*.md"):
        shutil.copyfile(page, root / page.name)
    concepts = root / "docs" / "concepts.md"
    concepts.write_text(f"{concepts.read_text()}\n[nowhere](data.md#nowhere)\n")
    done = build(root, tmp_path)
    assert done.returncode != 0
    assert "#nowhere" in done.stderr


def test_links_of_a_document_are_those_of_the_site_or_plain_words(tmp_path: Path) -> None:
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "api/dashboard/static").mkdir(parents=True)
    (tmp_path / "api/dashboard/static/icon.svg").touch()
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
        (tmp_path / name).touch()
    (tmp_path / "README.md").write_text("[data](docs/data.md#csv), [code](db/x.py), [why](docs/decisions), [top](#top)")
    (tmp_path / "docs" / "data.md").write_text(
        "[readme](../README.md)\n\n```mermaid\n[*] --> a: go\na --> b: on\n```\n"
    )
    (tmp_path / "docs" / "decisions" / "0001-x.md").write_text("# 1. X\n")

    lay_out(tmp_path, tmp_path / "pages")

    home = (tmp_path / "pages" / "index.md").read_text()
    assert home == "[data](data.md#csv), code (`db/x.py`), [why](decisions/index.md), [top](#top)"
    data = (tmp_path / "pages" / "data.md").read_text()
    assert data.startswith("[readme](index.md)\n")
    assert data.endswith("|  | `go` | `a` |\n| `a` | `on` | `b` |\n")
    assert "[1\\. X](0001-x.md)" in (tmp_path / "pages" / "decisions" / "index.md").read_text()


def test_the_derived_pages_name_every_field_operation_and_method() -> None:
    pages = derived_pages()
    for schema in json_schema()["$defs"].values():
        for name in schema["properties"]:
            assert f"| `{name}` |" in pages["spec.md"]
    operations = re.findall(r'"operationId": "(\w+)"', (ROOT / "docs" / "openapi.json").read_text())
    assert [name for name in operations if f"(`{name}`)" not in pages["rest-reference.md"]] == []
    methods = [name for name in dir(Client) if not name.startswith("_") and callable(getattr(Client, name))]
    assert [name for name in methods if f"### Client.{name}\n" not in pages["client.md"]] == []
