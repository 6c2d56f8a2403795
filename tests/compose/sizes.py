"""What images and idle containers weigh, and how long a change of code takes to be there."""

from __future__ import annotations

import re
import time
from typing import Final

from tests.compose.report import Report
from tests.compose.stack import Stack, docker

MB: Final = 1e6
BASE: Final = "python:3.11-slim-bookworm"
REBUILT_WITHIN_S: Final = 30.0
_UNITS: Final = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_MEMORY_MB: Final = {"api": 160.0, "reconciler": 130.0, "worker": 750.0}
_HAS_TENSORFLOW: Final = "import importlib.util as i; print(i.find_spec('tensorflow') is not None)"


def weigh(stack: Stack, report: Report) -> None:
    """Weigh the images, and the containers while nothing runs."""
    report.most("api_image_over_base_mb", (_size(stack.api_image) - _size(BASE)) / MB, 250.0)
    report.most("worker_image_mb", _size(stack.worker_image) / MB, 2000.0)
    answer = docker("run", "--rm", "--network", "none", stack.api_image, "python", "-P", "-c", _HAS_TENSORFLOW).strip()
    report.check(answer == "False", "the image of the API has TensorFlow")
    for service, limit in _MEMORY_MB.items():
        used = [_memory(container) for container in stack.containers(service)]
        report.most(f"{service}_idle_mb", max(used) / MB, limit)


def time_a_rebuild(stack: Stack, report: Report) -> None:
    """Change one line of code, and bring it up."""
    with (stack.folder / "worker" / "runtime.py").open("a") as code:
        code.write("# one line\n")
    stack.scale(1)
    began = time.monotonic()
    stack.up(workers=1)
    report.most("rebuild_after_one_line_s", time.monotonic() - began, REBUILT_WITHIN_S)


def _size(image: str) -> int:
    return int(docker("image", "inspect", "--format", "{{.Size}}", image))


def _memory(container: str) -> float:
    """Return the bytes that `docker stats` shows: without the page cache that may go."""
    shown = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container)
    used = re.match(r"([0-9.]+)([KMG]iB)", shown)
    if used is None:
        raise ValueError(f"docker stats says {shown!r}")
    return float(used[1]) * _UNITS[used[2]]
