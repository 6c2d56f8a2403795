"""From `data:` of a spec to a checked `Dataset`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ml.data import digits, npz
from ml.data.dataset import Dataset
from ml.errors import InvalidData
from trainshed.specs import Data
from trainshed.specs.explain import nearest

BUILTIN: Final[dict[str, Callable[[], Dataset]]] = {digits.SOURCE: digits.load}


def load_dataset(data: Data, *, roots: tuple[Path, ...]) -> Dataset:
    """Read the examples that `data` names, the file only if it lies below one of `roots`. Raises `InvalidData`."""
    if data.path is not None:
        return npz.load(data.path, roots=roots)
    return _load_builtin(data.dataset or "")


def _load_builtin(name: str) -> Dataset:
    if name in BUILTIN:
        return BUILTIN[name]()
    suggestion = nearest(name, BUILTIN)
    hint = f" Did you mean {suggestion}?" if suggestion else ""
    raise InvalidData(
        f"There is no dataset {name!r}.{hint}",
        remedy=f"Available: {', '.join(BUILTIN)}; or give data.path of an .npz file.",
        field="data.dataset",
    )
