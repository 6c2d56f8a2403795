"""The same epochs as a train job of Trainshed: `python -m bench.epochs_of_job SPEC.json FOLDER`.

What runs is what runs in the process of a job: the engine, with its reports going through a channel to a process that
reads them. Prints what `epochs_by_hand` prints.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.run import RunSettings, run
from trainshed.specs import parse_spec
from worker.child import ChannelReport


class Timed(ChannelReport):
    """Also notes when each epoch ends."""

    def __init__(self, channel: socket.socket) -> None:
        super().__init__(channel)
        self.ends: list[tuple[float, float]] = []

    def metric(self, series: str, step: int, value: float) -> None:
        if series == "epoch/train_loss":
            self.ends.append((time.perf_counter(), time.process_time()))
        super().metric(series, step, value)


def main() -> None:
    document, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        while theirs.recv(65_536):
            pass
        os._exit(0)
    theirs.close()
    report = Timed(ours)
    report.start()
    accuracy = _train(document, folder, report)
    report.close()
    print(json.dumps({"ends": report.ends, "accuracy": accuracy}))


def _train(document: dict[str, Any], folder: Path, report: Timed) -> float:
    """Train, and return the test accuracy of the model that was saved."""
    data = Path(document["data"]["path"])
    threads = len(os.sched_getaffinity(0))
    run(parse_spec(document), folder, report, settings=RunSettings(threads=threads, data_roots=(data.parent,)))
    model = keras.saving.load_model(folder / "output" / "model.keras", compile=False)
    with np.load(data) as arrays:
        logits = model.predict(arrays["x_test"].astype("float32"), batch_size=256, verbose=0)
        return float((logits.argmax(axis=1) == arrays["y_test"]).mean())


if __name__ == "__main__":
    main()
