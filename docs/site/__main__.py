"""`make site`: builds the documents into `.trainshed/site`, as pages that need nothing from elsewhere."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Final

from docs.site.build import build_site

ROOT: Final = Path(__file__).resolve().parents[2]


def main() -> None:
    """Build, and name the first page. What MkDocs warns of is shown, and fails the build."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    site = build_site(options.root, pages=options.folder / "site-pages", site=options.folder / "site")
    print(site / "index.html")  # noqa: T201 - what whoever runs it wants to know


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m docs.site")
    made.add_argument("--root", type=Path, default=ROOT, help="the checkout whose documents are built")
    made.add_argument("--folder", type=Path, default=ROOT / ".trainshed", help="where pages and site are put")
    return made


if __name__ == "__main__":
    main()
