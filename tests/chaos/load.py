"""What is submitted while faults happen: programs whose output is known, and trainings whose weights are known."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.chaos.client import ChaosClient, Unanswered

LINES: Final = 40
_PROGRAM: Final = (
    f"i=0; while [ $i -lt {LINES} ]; do echo line $i; i=$((i+1)); sleep {{pause}}; done;"
    " printf %s {key} > $TRAINSHED_OUTPUT_DIR/key.txt"
)
_LABEL: Final = "chaos"
TRAINING_EVERY: Final = 12
_RETRIES: Final = {"worker_lost": 100, "crashed": 100, "storage_failed": 100}
_PATIENCE_S: Final = 180.0
TRAINING: Final[Mapping[str, Any]] = {
    "kind": "train",
    "name": "chaos-train",
    "data": {"dataset": "builtin/digits"},
    "preprocess": [{"step": "rescale", "scale": 0.0625}, {"step": "resize", "height": 18, "width": 18}],
    "model": {"family": "image_classifier", "preset": "cnn_bn", "dropout": 0.2},
    "training": {"epochs": 3, "batch_size": 32, "report_every_steps": 5, "seed": 7},
    "checkpoint": {"every_steps": 15},
    "resources": {"cpus": 1},
}


@dataclass(slots=True)
class Load:
    """Submits `count` jobs over `seconds`, from a thread of its own."""

    client: ChaosClient
    run: str
    count: int
    seconds: float
    failures: list[str] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._submit_all, name="load", daemon=True)
        self._thread.start()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _submit_all(self) -> None:
        began = time.monotonic()
        for number in range(self.count):
            due = began + number * self.seconds / self.count
            time.sleep(max(0.0, due - time.monotonic()))
            key = f"{self.run}-{number}"
            try:
                self.client.submit(spec_of(number, key, self.run), key=key, deadline=time.monotonic() + _PATIENCE_S)
            except (Unanswered, AssertionError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")


def is_training(number: int) -> bool:
    return number % TRAINING_EVERY == TRAINING_EVERY - 1


def spec_of(number: int, key: str, run: str) -> dict[str, Any]:
    """Return job `number` of a run."""
    more = {"labels": {_LABEL: run}, "retry": {"budget": _RETRIES, "backoff": {"initial": 0.2, "max": 2}}}
    if is_training(number):
        return {**TRAINING, **more}
    command = _PROGRAM.format(pause=0.02 + 0.02 * (number % 5), key=key)
    return {"kind": "command", "name": "chaos", "command": ["sh", "-c", command], **more}


def label_of(run: str) -> str:
    """Return the filter that finds the jobs of a run."""
    return f"{_LABEL}={run}"


def expected_log() -> str:
    return "".join(f"line {number}\n" for number in range(LINES))


def expected_digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
