"""`python -m tests.mutants`: take each guard out in turn, and write docs/mutants.md when all were noticed.

Names, or parts of them, hunt for those alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.hunt import directed_test_that_fails, hunter_in
from tests.mutants.table import PAGE, list_mutants, page

_EXAMPLES_OF_PROVED: Final = 100
_MEMORY: Final = Path("/dev/shm")


def main(wanted: Sequence[str]) -> int:
    names = [mutant.name for mutant in list_mutants()]
    chosen = [at for at, name in enumerate(names) if not wanted or any(part in name for part in wanted)]
    with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
        fails = directed_test_that_fails(Path(folder))
    if fails:
        print(f"{fails} fails with all guards in place: it would be taken for what notices them")
        return 1
    noticed: dict[str, str | None] = {}
    cpu_s = 0.0
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for at, (by, took_s) in zip(chosen, processes.map(_hunt, chosen), strict=True):
            noticed[names[at]] = by
            cpu_s += took_s
            print(f"{by or 'nothing'}: {names[at]}", flush=True)
    missed = [name for name, by in noticed.items() if by is None and name not in EQUIVALENT]
    wrong = [name for name, by in noticed.items() if by is not None and name in EQUIVALENT]
    print(*(f"not noticed, and not explained: {name}" for name in missed), sep="\n")
    print(*(f"said to change nothing, and noticed: {name}" for name in wrong), sep="\n")
    print(f"{len(noticed)} guards, {len(missed)} not noticed, {len(wrong)} wrongly explained, {cpu_s:.0f} s of CPU")
    if missed or wrong:
        return 1
    if not wanted:
        PAGE.write_text(page([noticed[name] for name in names]))
    return 0


def _hunt(number: int) -> tuple[str | None, float]:
    began = time.process_time()
    mutant = list_mutants()[number]
    quiet = io.StringIO()
    with (
        tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder,
        hunter_in(Path(folder)) as hunter,
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
    ):
        if mutant.name in EQUIVALENT:  # proved: what notices it all the same would be seen soon
            with mutant.taken_out():
                return hunter.moves_fail(examples=_EXAMPLES_OF_PROVED), time.process_time() - began
        return hunter.kill(mutant), time.process_time() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
