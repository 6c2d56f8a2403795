"""Ray Jobs: `python train.py` for each job through the job server of a local head.

`python -m bench.arms.ray_jobs DATA SLOTS PORT`. One CPU a job and SLOTS CPUs let SLOTS run at once.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ray.job_submission import JobStatus, JobSubmissionClient

from bench.arms.serve import serve

RAY = Path(sys.executable).parent / "ray"
SCRIPT = Path(__file__).parent / "train.py"
POLL_S = 0.05
ENDED = {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.STOPPED}


def main() -> None:
    data, slots, port = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    options = [f"--num-cpus={slots}", f"--dashboard-port={port}", "--port=0", "--disable-usage-stats"]
    head = subprocess.Popen([RAY, "start", "--head", "--block", "--dashboard-host=127.0.0.1", *options])
    client = _client(f"http://127.0.0.1:{port}")
    command = shlex.join([sys.executable, str(SCRIPT), data])

    def run(jobs: int) -> list[dict[str, Any]]:
        submitted = [client.submit_job(entrypoint=command, entrypoint_num_cpus=1) for _ in range(jobs)]
        for job in submitted:
            while client.get_job_status(job) not in ENDED:
                time.sleep(POLL_S)
        return [_output(client.get_job_logs(job)) for job in submitted]

    try:
        run(1)
        serve(run)
    finally:
        head.terminate()
        head.wait()


def _client(address: str) -> JobSubmissionClient:
    deadline = time.monotonic() + 120
    while True:
        try:
            return JobSubmissionClient(address)
        except (ConnectionError, RuntimeError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _output(log: str) -> dict[str, Any]:
    last = next((line for line in reversed(log.splitlines()) if line.startswith("{")), None)
    if last is None:
        raise RuntimeError(f"the job gave no output:\n{log}")
    output: dict[str, Any] = json.loads(last)
    return output


if __name__ == "__main__":
    main()
