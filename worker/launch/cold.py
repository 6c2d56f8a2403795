"""The training child without a zygote: imports everything itself, then enters the sandbox and goes on as the warm one.

It takes seconds longer and serves where a fork cannot, and as the other side of the test that both give equal weights.
"""

from __future__ import annotations

import os

from ml.preload import preload
from worker import child
from worker.launch import job
from worker.launch.plan import read_plan


def main() -> None:
    """Run the child in a process that `job` has prepared: channel, status pipe and plan are at their fixed numbers."""
    try:
        plan = read_plan(job.PLAN)
        preload()
        job.enter_sandbox(plan, job.STATUS)
    except BaseException as error:
        job.report_failure(job.STATUS, "setup", error)
        raise
    os.close(job.STATUS)
    os.environ.update(plan.job_environment)
    child.main(job.CHANNEL)


if __name__ == "__main__":
    main()
