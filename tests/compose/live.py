"""`make compose-test`: the compose file on a real engine, under load, with parts that restart, scale and die.

    python -m tests.compose.live REPORT.json

Runs clean clones of what is committed, in a project and on a port of its own; everything is taken down at the end.
Writes the report as JSON, and as text beside it. Ends with 1 when a figure falls short. TRAINSHED_PIP_CONF names
settings of pip for the builds, where there is an index of one's own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.compose.counted import check_counts
from tests.compose.faults import drain_during_training, kill_one, restart_each
from tests.compose.hardening import inspect_hardening
from tests.compose.idle_gap import measure_idle_gaps
from tests.compose.load import SHORT_S, Load
from tests.compose.readback import read_back
from tests.compose.readme import follow_readme, tear_down
from tests.compose.report import Report
from tests.compose.scaling import scale_down_and_up
from tests.compose.sizes import time_a_rebuild, weigh
from tests.compose.stack import Stack, free_stack
from tests.compose.trees import clone, clone_before_newest_migration
from tests.compose.upgrade import upgrade
from tests.compose.waiting import wait_for
from trainshed import Client

JOBS: Final = 60


def run(old: Stack, new: Stack, report: Report, folder: Path) -> None:
    """The whole story, step by step."""
    began = time.monotonic()
    old.up(workers=3)
    report.figures["up_s"] = round(time.monotonic() - began, 1)
    with Client(f"http://127.0.0.1:{old.port}", token=old.create_key()) as client:
        load = Load(client)
        wait_for("three workers", lambda: len(load.active_workers()) == 3, 120)
        upgrade(old, new, load, report)
        weigh(new, report)
        inspect_hardening(new, load, report)
        load.add_commands(JOBS, seconds=SHORT_S)
        scale_down_and_up(new, load, report)
        drain_during_training(new, load, report)
        restart_each(new, load, report)
        kill_one(new, load, report)
        read_back(load, report, folder)
        measure_idle_gaps(new, load, report)
        check_counts(new, load, report)
        time_a_rebuild(new, report)
        follow_readme(new, report)


def main(path: Path) -> int:
    report = Report()
    with tempfile.TemporaryDirectory(prefix="trainshed-compose-") as made:
        folder = Path(made)
        old = free_stack(clone_before_newest_migration(folder / "before"), "before")
        new = old.of(clone(folder / "now"), "now")
        try:
            run(old, new, report, folder / "read")
        except Exception as error:  # noqa: BLE001 - the report says what happened
            report.failures.append(f"{type(error).__name__}: {error}")
            sys.stderr.write(new.compose("logs", "--tail", "30"))
        finally:
            tear_down(new, report)
    sys.stdout.write(report.write(path))
    return bool(report.failures)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
