"""Workers that are added and taken away under load."""

from __future__ import annotations

import time
from typing import Final

from tests.compose.load import Load
from tests.compose.report import Report
from tests.compose.stack import Stack
from tests.compose.waiting import wait_for

STARTED_WITHIN_S: Final = 60.0


def scale_down_and_up(stack: Stack, load: Load, report: Report) -> None:
    """From three to one to four, while jobs run."""
    wait_for("a job that runs", lambda: load.running(load.commands), 60)
    stack.scale(1)
    wait_for("one worker", lambda: len(load.active_workers()) == 1, 60)
    before = {attempt.worker for attempt in load.attempts()}
    began = time.time()
    stack.scale(4)
    first = wait_for(
        "a new worker's first job", lambda: [each for each in load.attempts() if each.worker not in before], 120
    )
    took_s = min(attempt.started_at.timestamp() for attempt in first) - began
    report.most("scale_to_first_job_s", took_s, STARTED_WITHIN_S)
    wait_for("four workers", lambda: len(load.active_workers()) == 4, 60)
