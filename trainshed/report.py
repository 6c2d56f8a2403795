"""What a program of yours says to Trainshed while it runs as a job; outside of one, each call does nothing.

    from trainshed import report

    for epoch in range(10):
        if report.should_stop():
            break
        loss = 1 / (epoch + 1)
        report.metric("loss", loss, step=epoch)
        report.progress((epoch + 1) / 10, epoch=epoch + 1, epochs=10)
    report.artifact("model.bin")

It needs no key and no network: lines go into a file of the job's own folder, which TRAINSHED_REPORT_FILE names, and the
worker reads them. It needs nothing but the standard library.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import threading
from pathlib import Path
from typing import Any, Final

from trainshed.series import SYSTEM, is_system

__all__ = ["artifact", "is_job", "metric", "progress", "should_stop"]

_FILE: Final = "TRAINSHED_REPORT_FILE"
_OUTPUT: Final = "TRAINSHED_OUTPUT_DIR"
_LONGEST_NAME: Final = 200

_stop: threading.Event | None = None


def is_job() -> bool:
    """Whether this program runs as a job of Trainshed."""
    return _FILE in os.environ


def metric(name: str, value: float, *, step: int) -> None:
    """Report one point of a series. A step that is reported again replaces its value.

    A value that is not finite cannot be drawn or compared, and is left out. Raises `ValueError` for a name that is
    empty, longer than 200 characters, has control characters or begins with `system/`, and for a negative step.
    """
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"name: {name!r} is no name for a series; use 1 to {_LONGEST_NAME} printable characters")
    if is_system(name):
        raise ValueError(f"name: {name!r} is the worker's; use one that does not begin with {SYSTEM}")
    if step < 0:
        raise ValueError(f"step: {step} is negative; count from 0")
    if math.isfinite(value):
        _say({"frame": "metrics", "points": [[name, int(step), float(value)]]})


def progress(
    fraction: float,
    *,
    epoch: int | None = None,
    epochs: int | None = None,
    step: int | None = None,
    steps: int | None = None,
    eta_s: float | None = None,
) -> None:
    """Report how far the job is: `fraction` from 0 to 1, and as much of the rest as is known. The latest counts."""
    if not math.isfinite(fraction):
        raise ValueError(f"fraction: {fraction} is no number from 0 to 1")
    known = {"epoch": epoch, "epochs": epochs, "step": step, "steps": steps, "eta_s": eta_s}
    said = {name: value for name, value in known.items() if value is not None}
    _say({"frame": "progress", "fraction": min(max(float(fraction), 0.0), 1.0), **said})


def artifact(file: Path | str, *, name: str | None = None) -> None:
    """Keep a copy of a file as an artifact of the job, under its own name or as `name`.

    Raises `FileNotFoundError`, and `ValueError` for a name that leads out of the artifacts.
    """
    if (output := os.environ.get(_OUTPUT)) is None:
        return
    wanted = Path(name or Path(file).name)
    if wanted.is_absolute() or ".." in wanted.parts:
        raise ValueError(f"name: {name!r} leads out of the artifacts; use a relative path without ..")
    target = Path(output) / wanted
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or not target.samefile(file):
        shutil.copyfile(file, target)


def should_stop() -> bool:
    """Whether the job was asked to stop: cancelled, paused, drained, or out of time.

    From the first call on, which must come from the main thread, the signal to stop no longer ends the program by
    itself: save what is to be kept and leave, within the time that `timeout.grace` gives.
    """
    global _stop  # noqa: PLW0603 - a process has one handler of a signal
    if not is_job():
        return False
    if _stop is None:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        _stop = stop
    return _stop.is_set()


def _say(frame: dict[str, Any]) -> None:
    """Append one line with a single write, so that lines of several processes never mix."""
    if (path := os.environ.get(_FILE)) is None:
        return
    line = json.dumps(frame, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
