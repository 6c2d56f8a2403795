"""From the documents of the repository to a site: pages laid out, derived ones written, the rest done by MkDocs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

from mkdocs.commands.build import build
from mkdocs.config import load_config

from docs.site.client_page import client_page
from docs.site.layout import lay_out
from docs.site.rest_page import rest_page
from docs.site.spec_page import spec_page

_CONFIG: Final = Path(__file__).with_name("mkdocs.yml")
NAVIGATION: Final[list[dict[str, Any]]] = [
    {"Home": "index.md"},
    {"Quickstart": "quickstart.md"},
    {"Concepts": "concepts.md"},
    {
        "Guides": [
            {"Data": "data.md"},
            {"Training and evaluation": "training.md"},
            {"Steps": "steps.md"},
            {"Programs of your own": "programs.md"},
            {"REST by hand": "rest.md"},
        ]
    },
    {
        "Reference": [
            {"Fields of a spec": "spec.md"},
            {"REST": "rest-reference.md"},
            {"Command line": "cli.md"},
            {"Python client": "client.md"},
            {"Errors": "errors.md"},
            {"Settings": "settings.md"},
            {"The life of a job": "state_machine.md"},
        ]
    },
    {"Operations": [{"For a team": "operations.md"}, {"Security": "SECURITY.md"}]},
    {
        "Promises": [
            {"Promises and their tests": "promises.md"},
            {"Figures of the proofs": "proofs.md"},
            {"Chaos": "chaos.md"},
            {"Guards taken out": "mutants.md"},
            {"Performance": "performance.md"},
        ]
    },
]


def build_site(root: Path, *, pages: Path, site: Path) -> Path:
    """Lay the pages out in `pages`, build them into `site`, and return that. Raises `Abort` on any warning."""
    shutil.rmtree(pages, ignore_errors=True)
    lay_out(root, pages)
    for name, content in derived_pages().items():
        (pages / name).write_text(content)
    navigation = [*NAVIGATION, {"Project": [{"Changes": "CHANGELOG.md"}, {"Contributing": "CONTRIBUTING.md"}]}]
    navigation.append({"Decisions": ["decisions/index.md", *_decisions(pages)]})
    build(load_config(str(_CONFIG), docs_dir=str(pages), site_dir=str(site), nav=navigation, strict=True))
    return site


def derived_pages() -> dict[str, str]:
    """Return the pages that are made of code alone, by name."""
    return {"spec.md": spec_page(), "rest-reference.md": rest_page(), "client.md": client_page()}


def _decisions(pages: Path) -> list[str]:
    return [f"decisions/{page.name}" for page in sorted((pages / "decisions").glob("0*.md"))]
