"""Prints what pip has to install for an image, so that a change of code leaves the installed layers as they are.

    python requirements.py api | worker | worker-gpu

The output depends on the dependencies in pyproject.toml alone: whatever else changes there reinstalls nothing.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_EXTRAS: Final = {"api": "api", "worker": "worker", "worker-gpu": "worker"}


def requirements(project: dict[str, Any], image: str) -> list[str]:
    """Return the requirements of an image, sorted. Raises `KeyError` for an image that there is not."""
    wanted = {_for_image(line, image) for line in _lines(project, _EXTRAS[image])}
    return sorted(wanted | {*project["dependencies"]})


def _lines(project: dict[str, Any], extra: str) -> Iterator[str]:
    """Yield the requirements of an extra, with those of the extras it names."""
    for line in project["optional-dependencies"][extra]:
        if line.startswith(f"{project['name']}["):
            yield from _lines(project, line.partition("[")[2].rstrip("]"))
        else:
            yield line


def _for_image(line: str, image: str) -> str:
    """A worker for GPUs gets the TensorFlow that brings CUDA, on every machine and instead of the one for CPUs."""
    if image != "worker-gpu" or not line.startswith("tensorflow"):
        return line
    version = line.partition(">=")[2].partition(";")[0]
    return f"tensorflow[and-cuda]>={version}"


if __name__ == "__main__":
    document = tomllib.loads(Path("pyproject.toml").read_text())
    sys.stdout.write("\n".join(requirements(document["project"], sys.argv[1])) + "\n")
