"""A worker for the test that kills one: starts a stubborn tree, prints the pids of all below it, and stays."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.launch.jobs import STUBBORN_TREE, launch, python
from worker.launch.events import Started
from worker.launch.launcher import LIGHT, Zygote


def main() -> None:
    with Zygote(LIGHT) as zygote:
        job = launch(zygote, Path(sys.argv[1]), *python(STUBBORN_TREE))
        print("pids", zygote.pid, job.wait_for(Started).init_pid, *job.pids(3), flush=True)  # noqa: T201
        signal.pause()


if __name__ == "__main__":
    main()
