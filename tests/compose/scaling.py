"""Workers that are added and taken away under load."""

from __future__ import annotations

import time
from typing import Final

from tests.compose.counted import Page
from tests.compose.load import Load
from tests.compose.report import Report
from tests.compose.stack import Stack
from tests.compose.waiting import wait_for

STARTED_WITHIN_S: Final = 60.0
_SHOWN_WITHIN_S: Final = 30.0


def scale_down_and_up(stack: Stack, load: Load, report: Report) -> None:
    """From three to one to four, while jobs run on all of them. `/metrics` follows."""
    wait_for("a job on each of three workers", lambda: len(_workers_with_jobs(load)) == 3, 60)
    stack.scale(1)
    wait_for("one worker", lambda: len(load.active_workers()) == 1, 60)
    wait_for("one slot in /metrics", lambda: Page.of(stack).slots == 1, _SHOWN_WITHIN_S)
    before = {attempt.worker for attempt in load.attempts()}
    began = time.time()
    stack.scale(4)
    first = wait_for(
        "a new worker's first job", lambda: [each for each in load.attempts() if each.worker not in before], 120
    )
    took_s = min(attempt.started_at.timestamp() for attempt in first) - began
    report.most("scale_to_first_job_s", took_s, STARTED_WITHIN_S)
    wait_for("four workers", lambda: len(load.active_workers()) == 4, 60)
    page = wait_for("four slots in /metrics", lambda: _with_slots(stack, 4), _SHOWN_WITHIN_S)
    report.figures["to_do_over_slots"] = f"{page.to_do} / {page.slots}"
    report.check(page.to_do > page.slots, "/metrics does not show that jobs wait")


def _workers_with_jobs(load: Load) -> set[str]:
    return {job.attempts[-1].worker for job in load.running(load.commands)}


def _with_slots(stack: Stack, slots: int) -> Page | None:
    page = Page.of(stack)
    return page if page.slots == slots else None
