"""A shell in which a reader follows one document: all its commands run as written, in order, in one bash."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.docs.blocks import COMMANDS, ROOT, Block

BIN = Path(sys.executable).parent
_IN_CHECKOUT = ("examples", "docs")


def make_checkout(folder: Path) -> Path:
    """Make a folder that looks like a checkout after `make setup`, in which a reader's files harm nobody."""
    for name in _IN_CHECKOUT:
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def follow(blocks: Iterable[Block], *, folder: Path, left_out: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Run the blocks of commands and the Python programs. It ends at the first command that fails."""
    script = "\n".join(_script_of(block, set(left_out)) for block in blocks)
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8"}
    command = ["bash", "-eu", "-o", "pipefail", "-E", "-c", f"{_TELL}\n{script}"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=170, check=False)


_TELL = """trap 'echo "$PLACE: this failed: $BASH_COMMAND" >&2' ERR"""


def _script_of(block: Block, left_out: set[str]) -> str:
    place = f"PLACE={shlex.quote(f'{block.page}:{block.line}')}"
    if block.language != COMMANDS:
        return f"{place}\npython - <<'END_OF_PROGRAM'\n{block.code}END_OF_PROGRAM"
    lines = [line for line in block.code.splitlines() if line.partition("#")[0].strip() not in left_out]
    return "\n".join([place, *lines])
