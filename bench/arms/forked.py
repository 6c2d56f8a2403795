"""The fork floor: os.fork for each job, from a parent as warm as Trainshed's zygote, with nothing around it.

`python -m bench.arms.forked DATA SLOTS`. No queue, no isolation, no log, no artifact, nothing durable: what a platform
that gives each job a process of its own cannot go below, unless it trains faster.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any

from bench.arms.serve import serve
from bench.arms.train import train
from ml.preload import preload


def main() -> None:
    data, slots = sys.argv[1], int(sys.argv[2])
    preload()
    gc.collect()
    gc.freeze()
    serve(lambda jobs: _run(data, jobs, slots))


def _run(data: str, jobs: int, slots: int) -> list[dict[str, Any]]:
    running: dict[int, int] = {}
    outputs = []
    for _ in range(jobs):
        if len(running) == slots:
            outputs.append(_next(running))
        pid, readable = _fork(data)
        running[pid] = readable
    while running:
        outputs.append(_next(running))
    return outputs


def _fork(data: str) -> tuple[int, int]:
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            gc.disable()
            os.write(writable, json.dumps(train(data)).encode())
        finally:
            os._exit(0)
    os.close(writable)
    return pid, readable


def _next(running: dict[int, int]) -> dict[str, Any]:
    """Wait for the next job to end."""
    pid, _ = os.wait()
    with open(running.pop(pid), "rb") as file:  # noqa: PTH123 - a descriptor
        output: dict[str, Any] = json.load(file)
    return output


if __name__ == "__main__":
    main()
