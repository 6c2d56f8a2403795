"""Lays the documents of the repository out as pages of a site. Links among them are kept; others become plain words."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

_LINK: Final = re.compile(r"\[(?P<words>[^\]]+)\]\((?P<target>[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")
_DIAGRAM: Final = re.compile(r"^```mermaid\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_MOVE: Final = re.compile(r"^\s*(?P<before>\S+) --> (?P<after>[^\s:]+)(?:: (?P<move>\w+))?$", re.MULTILINE)
_AT_THE_TOP: Final = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
_ICON: Final = "api/dashboard/static/icon.svg"


def lay_out(root: Path, pages: Path) -> None:
    """Write the documents below `root` to `pages`, with the files that they link to."""
    places = dict(_places(root))
    for source, place in places.items():
        target = pages / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if place.endswith(".md"):
            target.write_text(_page((root / source).read_text(), source, places))
        else:
            shutil.copyfile(root / source, target)
    (pages / "decisions" / "index.md").write_text(_decisions(pages / "decisions"))


def _places(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each file of the repository that the site shows, and where it lies in the site."""
    yield "README.md", "index.md"
    yield _ICON, "icon.svg"
    yield from ((name, name) for name in _AT_THE_TOP)
    for file in sorted(
        [*root.glob("docs/*.md"), *root.glob("docs/*.json"), *root.glob("docs/*/*.md"), *root.glob("docs/images/*")]
    ):
        name = file.relative_to(root).as_posix()
        yield name, name.removeprefix("docs/")
    yield from ((f"examples/{file.name}",) * 2 for file in sorted(root.glob("examples/*.yaml")))


def _page(text: str, source: str, places: Mapping[str, str]) -> str:
    """Return a document as a page: diagrams as tables, links as they are within the site."""
    whole = {**places, "docs/decisions": "decisions/index.md"}
    return _LINK.sub(lambda link: _linked(link, source, whole), _DIAGRAM.sub(_table, text))


def _linked(link: re.Match[str], source: str, places: Mapping[str, str]) -> str:
    target = link["target"]
    if not target or ":" in target:
        return link[0]
    named = os.path.normpath(PurePosixPath(source).parent / target)
    place = places.get(named)
    if place is None:
        return f"{link['words']} (`{named}`)"
    here = PurePosixPath(places[source]).parent
    return f"[{link['words']}]({os.path.relpath(place, here)}{link['anchor'] or ''})"


def _table(diagram: re.Match[str]) -> str:
    """Return a diagram of states as a table: what draws it would have to be fetched from elsewhere."""
    lines = ["| from | move | to |", "|---|---|---|"]
    for move in _MOVE.finditer(diagram["body"]):
        if move["after"] != "[*]":
            before = "" if move["before"] == "[*]" else f"`{move['before']}`"
            lines.append(f"| {before} | `{move['move']}` | `{move['after']}` |")
    return "\n".join(lines)


def _decisions(folder: Path) -> str:
    lines = ["# Decision records\n", "What binds others, and why it was decided so.\n"]
    for page in sorted(folder.glob("0*.md")):
        title = page.read_text().partition("\n")[0].removeprefix("# ").replace(".", "\\.", 1)
        lines.append(f"- [{title}]({page.name})")
    return "\n".join(lines) + "\n"
