"""`make log-proof N=200`: of a job that is killed at any moment, a reader gets each byte it printed, in order, once.

Jobs print numbered lines as fast as they can, among them very long ones, progress bars and bytes that are no text. They
are killed with SIGKILL at random moments, some together with their worker, while a client follows over a connection
that breaks all the time. What the client has read in the end must be the bytes of the log file on the worker's disk.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import BinaryIO

from db.migrate import upgrade
from tests.proofs.cutter import Cutter
from tests.proofs.reports import write_report
from tests.servers import ValkeyServer, wait_until
from tests.system.platform import Platform
from tests.system.test_faults import job_processes
from trainshed import Client
from trainshed.client.patience import Patience

REPORT = Path(".trainshed/proofs/logs.json")
SLOTS = 4
_WORKER_SHARE = 0.1
PRINT_LINES = """
import os, random
draw = random.Random(int(os.environ["CASE"]))
number = 0
while True:
    number += 1
    text = b"line %d" % number
    kind = draw.random()
    if kind < 0.01:
        text += b" " + b"long" * draw.randrange(1, 20_000)
    elif kind < 0.03:
        text += b" " + draw.randbytes(200).replace(b"\\n", b"")
    elif kind < 0.05:
        text = b"\\r".join(b"%d %%" % percent for percent in range(100)) + b"\\r" + text
    os.write(1, text + b"\\n")
    if number % 50 == 0:
        import time; time.sleep(0.01)
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    case: int
    killed: str
    """`job`, or `worker`."""
    printed: int
    """Bytes of the log file."""
    same: bool

    @property
    def holds(self) -> bool:
        return self.same and self.printed > 0


@dataclass
class _Running:
    """A job that prints. Its file stays open, also when it has no name any more."""

    case: int
    job_id: str
    file: BinaryIO
    read: Future[bytes]


class Proof:
    """Runs cases, as many at once as the worker has slots."""

    def __init__(self, platform: Platform, cutter: Cutter) -> None:
        self._platform = platform
        self._cutter = cutter
        self._readers = ThreadPoolExecutor(SLOTS)
        key = (platform.folder / "admin.key").read_text().strip()
        patience = Patience(budget_s=60.0, first_s=0.02, longest_s=0.5)
        self._client = Client(f"http://127.0.0.1:{cutter.port}", key, patience=patience)

    def close(self) -> None:
        self._client.close()
        self._readers.shutdown()
        self._cutter.close()

    @property
    def cuts(self) -> int:
        """How many connections were cut."""
        return self._cutter.cuts

    def run(self, cases: Sequence[int]) -> list[Outcome]:
        """Run a few cases at once, and kill them one by one, or all with their worker."""
        draw = random.Random(cases[0])
        running = [self._start(case) for case in cases]
        if draw.random() < _WORKER_SHARE:
            killed = "worker"
            sleep(draw.uniform(0.0, 2.0))
            self._platform.workers[-1].signal(signal.SIGKILL)
            self._platform.start_worker(slots=SLOTS)
        else:
            killed = "job"
            for each in running:
                sleep(draw.uniform(0.0, 0.7))
                self._kill(each.job_id)
        return [self._judge(each, killed) for each in running]

    def _start(self, case: int) -> _Running:
        job_id = self._platform.command(
            *(sys.executable, "-c", PRINT_LINES),
            env={"CASE": str(case)},
            retry={"budget": {"crashed": 0, "worker_lost": 0}},
        )
        file = self._opened(job_id)
        return _Running(case, job_id, file, self._readers.submit(self._follow, job_id))

    def _opened(self, job_id: str) -> BinaryIO:
        def found() -> list[Path]:
            return list(self._platform.folder.glob(f"spool/*/{job_id}.1/log"))

        wait_until(found, what=f"the log of {job_id}")
        return found()[0].open("rb")

    def _follow(self, job_id: str) -> bytes:
        return b"".join(self._client.logs(job_id, follow=True))

    def _kill(self, job_id: str) -> None:
        wait_until(lambda: job_processes(self._platform, job_id), what=f"the process of {job_id}")
        for pid in job_processes(self._platform, job_id):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _judge(self, running: _Running, killed: str) -> Outcome:
        read = running.read.result(timeout=180)
        job = self._platform.wait(running.job_id)
        assert job["state"] == "failed", job
        with running.file as file:
            printed = file.read()
        return Outcome(running.case, killed, len(printed), read == printed)


@contextmanager
def platform_to_prove(seed: int) -> Iterator[Proof]:
    """A platform on SQLite with one worker, and a wire to it that breaks."""
    folder = Path(tempfile.mkdtemp(prefix="trainshed-proof-"))
    broker = ValkeyServer(folder / "valkey")
    broker.start()
    database_url = f"sqlite:///{folder / 'trainshed.db'}"
    upgrade(database_url)
    platform = Platform(folder / "platform", database_url=database_url, broker_url=broker.url)
    try:
        platform.start(slots=SLOTS, worker_options=("--no-warm",))
        cutter = Cutter(platform.port, shortest_s=0.05, longest_s=1.0, seed=seed)
        proof = Proof(platform, cutter)
        yield proof
        proof.close()
    finally:
        platform.stop()
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.logs", description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    with platform_to_prove(options.seed) as proof:
        for first in range(0, options.cases, SLOTS):
            last = min(first + SLOTS, options.cases)
            outcomes += proof.run([options.seed * 1_000_000 + number for number in range(first, last)])
            print(outcomes[-1], flush=True)
        cuts = proof.cuts
    failed = [each.case for each in outcomes if not each.holds]
    summary = {
        "cases": len(outcomes),
        "equal": len(outcomes) - len(failed),
        "killed_with_worker": sum(each.killed == "worker" for each in outcomes),
        "bytes": sum(each.printed for each in outcomes),
        "connections_cut": cuts,
        "failed_cases": failed,
    }
    write_report(REPORT, summary)
    print(json.dumps(summary))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
