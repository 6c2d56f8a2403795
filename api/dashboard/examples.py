"""The specs of the folder `examples/`, as starting points. An installation without that folder has none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).resolve().parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """One spec as its file has it, comments and all."""

    name: str
    purpose: str
    """The first line of its head."""
    text: str


def read_examples(folder: Path = _FOLDER) -> dict[str, Example]:
    """Return the examples of a folder by name, in the order of their names."""
    files = sorted(folder.glob("*.yaml"))
    return {file.stem: _example(file.stem, file.read_text()) for file in files}


def _example(name: str, text: str) -> Example:
    first = text.partition("\n")[0]
    return Example(name, first.removeprefix("#").strip() if first.startswith("#") else "", text)


EXAMPLES: Final = read_examples()
