"""Clean clones of this repository: the commit at hand, and the one before its newest migration."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_VERSIONS: Final = "migrations/versions"


def clone(into: Path) -> Path:
    """Clone what is committed. What only lies about in the tree is not there."""
    git(ROOT, "clone", "--quiet", "--no-hardlinks", str(ROOT), str(into))
    return into


def clone_before_newest_migration(into: Path) -> Path:
    """Clone, at the parent of the commit that added the newest migration."""
    clone(into)
    added = git(into, "log", "-1", "--no-merges", "--diff-filter=A", "--format=%H", "--", _VERSIONS)
    git(into, "checkout", "--quiet", f"{added}^")
    return into


def newest_migration(tree: Path) -> str:
    """Return the number of the newest migration of a tree."""
    return max(path.name.partition("_")[0] for path in (tree / _VERSIONS).glob("[0-9]*.py"))


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it printed."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.strip()
