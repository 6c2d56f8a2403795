"""The table of mutants as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.mutants.conjuncts import list_conjuncts
from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.guards import GUARDS
from tests.mutants.hunt import Mutant
from tests.mutants.test_locks import HOLDS, PASSES
from tests.mutants.test_schema import VANDALS

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "mutants.md"
_HEAD: Final = """\
# What happens when a guard is taken out

Written by `make mutants`. {number} guards are taken out in turn, and each is noticed: {searched} by the searches or by
a test that lays out the one situation that matters, {constraints} of the schema and {locks} locks by a write of their
own. {equivalent} conditions change nothing when they are gone, and stand here with the proof.

## Code, and conditions of statements

Each row is a guard in the code, or one condition of one WHERE of the statements that move and write for jobs, found in
their text. It is taken out; then the moves of `tests/stateful` are tried in any order, tests are run that lay out one
situation, and simulated worlds are run, until one of them fails. `moves` says how they failed, `seed n` which world
did (`tests/sim`). A condition that nothing notices has the proof that nobody could.

| guard | where | noticed by |
|---|---|---|
"""
_SCHEMA: Final = """
## The schema

Each CHECK, the trigger and each unique index refuses a write, on SQLite and on Postgres. Without it the write goes
through (`tests/mutants/test_schema.py`).

| guard | the write that it alone refuses |
|---|---|
"""
_LOCKS: Final = """
## Locks of Postgres

Each word that locks rows keeps a write of another transaction waiting, or it spares a wait. Without it the write goes
through, or waits (`tests/mutants/test_locks.py`). SQLite has one writer at a time.

| lock | where | what it does |
|---|---|---|
"""


def list_mutants() -> Sequence[Mutant]:
    """Return every guard that is hunted for."""
    return [*GUARDS, *list_conjuncts()]


def row_of(mutant: Mutant, noticed: str | None) -> str:
    """Return a line of the table. Raises `LookupError` for a guard that nothing noticed and nobody explained."""
    why = noticed or f"nothing, and nothing could: {EQUIVALENT[mutant.name]}"
    return f"| `{_cell(mutant.text)}` | `{mutant.where}` | {why} |"


def page(noticed: Sequence[str | None]) -> str:
    """Return the page, where `noticed` has what noticed each of `list_mutants()`."""
    head = _HEAD.format(
        number=len(noticed) + len(VANDALS) + len(HOLDS) + len(PASSES) - noticed.count(None),
        searched=len(noticed) - noticed.count(None),
        constraints=len(VANDALS),
        locks=len(HOLDS) + len(PASSES),
        equivalent=noticed.count(None),
    )
    rows = [row_of(mutant, each) for mutant, each in zip(list_mutants(), noticed, strict=True)]
    return head + _lines(rows) + _SCHEMA + _lines(_schema_rows()) + _LOCKS + _lines(_lock_rows())


def noticed_on(text: str) -> list[str | None]:
    """Return what a page says that noticed each guard."""
    table = text.split("## The schema", maxsplit=1)[0].splitlines()
    cells = [line.rsplit(" | ", 1)[1].removesuffix(" |") for line in table if line.startswith("| `")]
    return [None if cell.startswith("nothing, ") else cell for cell in cells]


def _schema_rows() -> Iterable[str]:
    return (f"| `{name}` | `{_cell(' '.join(sql.split()))}` |" for name, sql in VANDALS.items())


def _lock_rows() -> Iterable[str]:
    for name in (*HOLDS, *PASSES):
        where, word = name.split(": ")
        does = f"keeps waiting: `{HOLDS[name].meddle}`" if name in HOLDS else "passes over what others hold"
        yield f"| `{word}` | `{where}` | {does} |"


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
