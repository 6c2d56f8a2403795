"""A Prefect deployment: a local server and a process worker, which starts an interpreter for each flow run.

`python -m bench.arms.prefect_deployment DATA SLOTS PORT FOLDER`, with PREFECT_HOME and PREFECT_API_URL.
The worker polls as often as it does by itself, each ten seconds; with PREFECT_WORKER_QUERY_SECONDS it does more often.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment

from bench.arms.serve import serve
from bench.arms.train import train

CHECKOUT = Path(__file__).parents[2]
PREFECT = Path(sys.executable).parent / "prefect"
POLL_S = 0.1


@flow(name="w")
def w(data: str, result: str) -> None:
    """Run one job."""
    Path(result).write_text(json.dumps(train(data)))


def main() -> None:
    data, slots, port, folder = sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])
    server = subprocess.Popen([PREFECT, "server", "start", "--host", "127.0.0.1", "--port", port])
    _await(f"http://127.0.0.1:{port}/api/health")
    subprocess.run([PREFECT, "work-pool", "create", "bench", "--type", "process"], check=True)
    entrypoint = "bench/arms/prefect_deployment.py:w"
    flow.from_source(source=str(CHECKOUT), entrypoint=entrypoint).deploy(name="w", work_pool_name="bench", build=False)
    worker = subprocess.Popen([PREFECT, "worker", "start", "--pool", "bench", "--limit", slots])

    def run(jobs: int) -> list[dict[str, Any]]:
        results = [folder / f"result-{number}" for number in range(jobs)]
        submitted = [
            run_deployment("w/w", parameters={"data": data, "result": str(result)}, timeout=0).id for result in results
        ]
        with get_client(sync_client=True) as client:
            for run_id in submitted:
                while not _has_ended(client, run_id):
                    time.sleep(POLL_S)
        return [json.loads(result.read_text()) for result in results]

    try:
        run(1)
        serve(run)
    finally:
        for process in (worker, server):
            process.terminate()
            process.wait()


def _has_ended(client: Any, run_id: Any) -> bool:
    state = client.read_flow_run(run_id).state
    return state is not None and state.is_final()


def _await(url: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


if __name__ == "__main__":
    main()
