"""Where the platform commits, and where it does something outside the database: found by reading its code.

So a new place is known as soon as it is written: either the worlds of `tests.crashpoints` reach it, or it is listed
here with what stands for it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple


class Effect(StrEnum):
    """What is done at a place."""

    COMMIT = "commit"
    PUT = "put"
    FETCH = "fetch"
    LAUNCH = "launch"


class Site(NamedTuple):
    """A place in the code: file and function."""

    where: str
    effect: Effect


_ROOT: Final = Path(__file__).resolve().parents[2]
_SEARCHED: Final = ("api", "worker", "reconciler", "db", "standalone")
_CALLS: Final = {
    "begin": Effect.COMMIT,
    "put_file": Effect.PUT,
    "fetch_to": Effect.FETCH,
    "launch": Effect.LAUNCH,
}
"""The name under which each is called. `Database.begin` is the only way to commit: `list_other_ways` finds the rest."""

_DATASETS: Final = "an upload: each of its parts is a commit of its own, and tests/api/test_uploads.py repeats them"
_TIDY: Final = "removes what nobody needs; its tests stop it between any two steps and run it again"
_ONE_ROW: Final = "one statement for a person who waits and asks again; no job depends on it"

ELSEWHERE: Final = {
    "api/auth/verify.py": _ONE_ROW,
    "api/auth/issue.py": _ONE_ROW,
    "api/auth/__main__.py": _ONE_ROW,
    "api/operations/tokens.py": _ONE_ROW,
    "api/operations/workers.py": _ONE_ROW,
    "api/operations/retention.py": _ONE_ROW,
    "api/operations/artifact_upload.py": _DATASETS,
    "api/operations/datasets.py": _DATASETS,
    "api/operations/uploads.py": _DATASETS,
    "api/operations/incoming.py": _DATASETS,
    "worker/cache.py": "a job's data before it starts: tests/worker/test_cache.py fetches again what failed",
    "worker/inputs.py": "a model before its job starts: what fails is met like what fails in worker/checkpoints.py",
    "worker/attempt.py:Attempt._decode": "a child that makes data for jobs: tests/worker/test_cache.py makes it again",
    "reconciler/uploads.py": _TIDY,
    "reconciler/retain.py": _TIDY,
    "reconciler/compact.py": _TIDY,
    "reconciler/collect.py": _TIDY,
    "db/engine.py": "the engine itself",
    "api/operations/change.py:delete": "it hides the job, and a duty removes it: tests/db/test_deletion.py",
    "reconciler/unblock.py:run_once": "the net below another commit, which settles what waits: it finds nothing to do",
}
"""Files, and places in them, whose commits the simulated platform does not make, each with why."""


def here(effect: Effect) -> Site:
    """Return the place in the platform's code that the caller works for."""
    frame = sys._getframe(1)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_ROOT):
            where = path.relative_to(_ROOT).as_posix()
            if where.split("/")[0] in _SEARCHED and where != "db/engine.py":
                return Site(f"{where}:{frame.f_code.co_qualname.replace('.<locals>', '')}", effect)
        frame = frame.f_back  # type: ignore[assignment]
    raise LookupError("nothing of the platform runs")


@cache
def list_sites() -> frozenset[Site]:
    """Return every place, as `here` names it, without those of `ELSEWHERE`."""
    found = {Site(where, _CALLS[name]) for where, name in _attributes(ast.Call) if name in _CALLS}
    return frozenset(site for site in found if not {site.where, site.where.split(":")[0]} & ELSEWHERE.keys())


def list_unused() -> set[str]:
    """Return what `ELSEWHERE` names and the code has no more."""
    found = {where for where, name in _attributes(ast.Call) if name in _CALLS}
    return ELSEWHERE.keys() - found - {where.split(":")[0] for where in found}


def list_other_ways() -> set[str]:
    """Return places outside the engine that reach for a connection past `Database.begin`."""
    ways = {"writer", "raw_connection", "commit", "driver_connection"}
    return {
        where for where, name in _attributes(ast.Attribute) if name in ways and not where.startswith("db/engine.py")
    }


def _attributes(kind: type[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield place and name of each attribute that is called, or of each one at all."""
    for path in (path for folder in _SEARCHED for path in sorted((_ROOT / folder).rglob("*.py"))):
        where = path.relative_to(_ROOT).as_posix()
        for qualname, node in _nodes(ast.parse(path.read_text()), ""):
            attribute = node.func if isinstance(node, ast.Call) else node
            if isinstance(node, kind) and isinstance(attribute, ast.Attribute):
                yield f"{where}:{qualname}", attribute.attr


def _nodes(node: ast.AST, qualname: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        inner = f"{qualname}.{child.name}".lstrip(".") if named else qualname  # type: ignore[attr-defined]
        yield qualname, child
        yield from _nodes(child, inner)
