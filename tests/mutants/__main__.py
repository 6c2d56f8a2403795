"""`python -m tests.mutants`: take each guard out in turn, and write docs/mutants.md when all were noticed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.hunt import hunter_in
from tests.mutants.table import PAGE, list_mutants, page

_MEMORY: Final = Path("/dev/shm")


def main() -> int:
    names = [mutant.name for mutant in list_mutants()]
    killed_by: list[str | None] = []
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for name, killer in zip(names, processes.map(_hunt, range(len(names))), strict=True):
            killed_by.append(killer)
            print(f"{killer or 'survived'}: {name}", flush=True)
    survivors = [
        name for name, killer in zip(names, killed_by, strict=True) if killer is None and name not in EQUIVALENT
    ]
    print(f"{len(names)} guards, {len(survivors)} missed by nobody and not explained")
    if survivors:
        return 1
    PAGE.write_text(page(killed_by))
    return 0


def _hunt(number: int) -> str | None:
    mutant = list_mutants()[number]
    quiet = io.StringIO()
    with (
        tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder,
        hunter_in(Path(folder)) as hunter,
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
    ):
        return hunter.kill(mutant)


if __name__ == "__main__":
    sys.exit(main())
