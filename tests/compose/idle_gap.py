"""For how long a slot stays free while a job waits, with one, two and four workers of one slot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tests.compose.load import Load
from tests.compose.report import Report
from tests.compose.stack import Stack
from tests.compose.waiting import wait_for
from tests.percentiles import percentile

WORKERS: Final = (1, 2, 4)
GAP_WITHIN_S: Final = 0.25
_JOBS_OF_EACH: Final = 100
"""With fewer, the 99th percentile is the largest one."""

Span = tuple[float, float]
"""From and until, in seconds."""


def measure_idle_gaps(stack: Stack, load: Load, report: Report) -> None:
    """Have each number of workers run a queue to its end. All times are the database's."""
    for workers in WORKERS:
        stack.scale(workers)
        wait_for(f"{workers} workers", lambda n=workers: len(load.active_workers()) == n, 60)
        jobs = [load.run_shell("sleep 0.1") for _ in range(_JOBS_OF_EACH * workers)]
        ended = [job.wait(timeout_s=300) for job in jobs]
        waiting = [(job.created_at.timestamp(), job.attempts[0].started_at.timestamp()) for job in ended]
        busy: dict[str, list[Span]] = {}
        for attempt in (attempt for job in ended for attempt in job.attempts):
            assert attempt.ended_at is not None
            busy.setdefault(attempt.worker, []).append((attempt.started_at.timestamp(), attempt.ended_at.timestamp()))
        report.check(len(busy) == workers, f"{len(busy)} of {workers} workers took jobs")
        report.figures[f"jobs_of_each_{workers}"] = sorted(map(len, busy.values()))
        gaps = idle_gaps(waiting, list(busy.values()))
        report.figures[f"idle_gaps_{workers}"] = len(gaps)
        report.figures[f"idle_gap_p50_s_{workers}"] = round(percentile(gaps, 0.50), 4)
        report.figures[f"idle_gap_longest_s_{workers}"] = round(max(gaps), 4)
        report.most(f"idle_gap_p99_s_{workers}", percentile(gaps, 0.99), GAP_WITHIN_S)


def idle_gaps(waiting: Iterable[Span], busy: Sequence[Sequence[Span]]) -> list[float]:
    """Return how long each slot was free at a time while at least one job waited.

    `waiting` has a span for each job, from claimable to claimed; `busy` for each slot those of its attempts.
    """
    queue = _joined(waiting)
    return [
        until - since
        for attempts in busy
        for free in _between(sorted(attempts), queue)
        for since, until in _overlaps(free, queue)
    ]


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((since, until))
    return joined


def _between(attempts: Sequence[Span], queue: Sequence[Span]) -> list[Span]:
    """Return when a slot was free, from the first job that waited to the last one that was claimed."""
    begins = [queue[0][0], *(until for _, until in attempts)]
    ends = [*(since for since, _ in attempts), queue[-1][1]]
    return [(begin, end) for begin, end in zip(begins, ends, strict=True) if begin < end]


def _overlaps(free: Span, queue: Sequence[Span]) -> list[Span]:
    both = ((max(free[0], since), min(free[1], until)) for since, until in queue)
    return [(since, until) for since, until in both if since < until]
