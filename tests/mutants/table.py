"""The table of mutants as a page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.mutants.conjuncts import list_conjuncts
from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.guards import GUARDS
from tests.mutants.hunt import Mutant

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "mutants.md"
_HEAD: Final = """\
# What happens when a guard is taken out

Written by `make mutants`. Each row is a guard: a line of code, or one condition of one WHERE of the statements that
move and write for jobs, found in their text. It is taken out, and then the moves of `tests/stateful` are tried in any
order, and simulated worlds are run, until one of them fails: `moves` says how they failed, `seed n` which world did. A
condition that nothing notices stands here with the proof that nobody could. What the schema refuses (each CHECK, the
trigger, each unique index) is shown by `tests/mutants/test_schema.py` on both databases.

| guard | where | noticed by |
|---|---|---|
"""


def list_mutants() -> Sequence[Mutant]:
    """Return every guard that can be taken out."""
    return [*GUARDS, *list_conjuncts()]


def row_of(mutant: Mutant, killed_by: str | None) -> str:
    """Return a line of the table. Raises `LookupError` for a guard that nothing noticed and nobody explained."""
    noticed = killed_by or f"nothing, and nothing could: {EQUIVALENT[mutant.name]}"
    return f"| `{_cell(mutant.text)}` | `{mutant.where}` | {noticed} |"


def page(killed_by: Sequence[str | None]) -> str:
    """Return the page, where `killed_by` has what noticed each of `list_mutants()`."""
    rows = [row_of(mutant, killer) for mutant, killer in zip(list_mutants(), killed_by, strict=True)]
    return _HEAD + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
