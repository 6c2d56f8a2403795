"""Plain Celery: prefork, a process for each slot that is used again and again. No isolation between jobs.

`python -m bench.arms.celery_prefork DATA SLOTS`, with BROKER_URL.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from celery import Celery

from bench.arms.serve import serve
from bench.arms.train import train

app = Celery("bench", broker=os.environ.get("BROKER_URL"), backend=os.environ.get("BROKER_URL"))
app.conf.worker_prefetch_multiplier = 1


@app.task(name="train")
def train_task(data: str) -> dict[str, Any]:
    """Run one job."""
    return train(data)


def main() -> None:
    data, slots = sys.argv[1], int(sys.argv[2])
    argv = [sys.executable, "-m", "celery", "-A", "bench.arms.celery_prefork", "worker"]
    worker = subprocess.Popen([*argv, "--concurrency", str(slots), "--loglevel", "error"])

    def run(jobs: int) -> list[dict[str, Any]]:
        submitted = [app.send_task("train", (data,)) for _ in range(jobs)]
        return [result.get(interval=0.01) for result in submitted]

    try:
        run(2 * slots)  # until each process has imported TensorFlow
        serve(run)
    finally:
        worker.terminate()
        worker.wait()


if __name__ == "__main__":
    main()
