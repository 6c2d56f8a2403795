"""The blocks of code in the documents: indented ones and those between fences, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = "sh"
_FENCED = r"^```(?P<language>\w*)\n(?P<fenced>.*?)^```$"
_INDENTED = r"(?<=\n\n)(?P<indented>(?:(?: {4}[^\n]*)?\n)+)"
_BLOCK = re.compile(f"{_FENCED}|{_INDENTED}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """What a reader would type or paste, and where it stands."""

    page: str
    line: int
    language: str
    """That of the fence. What is indented are commands for a shell."""
    code: str


def pages() -> list[Path]:
    """All documents, those first that a newcomer reads first."""
    return [
        ROOT / "README.md",
        *sorted(ROOT.glob("docs/**/*.md")),
        *sorted({*ROOT.glob("*.md")} - {ROOT / "README.md"}),
    ]


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the blocks of a document in order."""
    text = page.read_text()
    for match in _BLOCK.finditer(text):
        indented = match["indented"]
        code = match["fenced"] if indented is None else re.sub(r"^ {4}", "", indented, flags=re.MULTILINE)
        if code.strip():
            line = text.count("\n", 0, match.start()) + 1
            language = COMMANDS if indented is not None else match["language"]
            yield Block(str(page.relative_to(ROOT)), line, language, code.strip("\n") + "\n")
