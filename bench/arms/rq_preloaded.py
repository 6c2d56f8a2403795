"""RQ with TensorFlow imported in the worker, which forks a work-horse for each job. Durable as far as Valkey is.

`python -m bench.arms.rq_preloaded DATA SLOTS`, with BROKER_URL. `... DATA SLOTS worker` is one such worker.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from typing import Any

import redis
import rq

from bench.arms.serve import serve
from bench.arms.train import train

POLL_S = 0.01


def main() -> None:
    data, slots = sys.argv[1], int(sys.argv[2])
    workers = [subprocess.Popen([sys.executable, "-m", __spec__.name, data, "1", "worker"]) for _ in range(slots)]
    queue = rq.Queue(connection=redis.Redis.from_url(os.environ["BROKER_URL"]))

    def run(jobs: int) -> list[dict[str, Any]]:
        submitted = [queue.enqueue(train, data) for _ in range(jobs)]
        for job in submitted:
            while job.get_status() not in {"finished", "failed"}:
                time.sleep(POLL_S)
        return [job.return_value() for job in submitted]

    try:
        run(slots)  # until the workers have imported TensorFlow
        serve(run)
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()


def work() -> None:
    """Serve as a worker that forks from a warm process."""
    importlib.import_module("keras")  # this is the preloading: it brings TensorFlow
    connection = redis.Redis.from_url(os.environ["BROKER_URL"])
    rq.Worker([rq.Queue(connection=connection)], connection=connection).work(logging_level="WARNING")


if __name__ == "__main__":
    work() if sys.argv[3:] == ["worker"] else main()
