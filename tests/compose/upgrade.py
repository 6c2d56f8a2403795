"""From the code before the newest migration to the code at hand, while jobs run."""

from __future__ import annotations

import time

from tests.compose.load import LONG_S, Load
from tests.compose.report import Report
from tests.compose.stack import Stack
from tests.compose.trees import newest_migration
from tests.compose.waiting import wait_for


def upgrade(old: Stack, new: Stack, load: Load, report: Report) -> None:
    """Start the new release over the old one. What the old one ran goes on, and is charged nothing."""
    before, after = newest_migration(old.folder), newest_migration(new.folder)
    report.check(before < after, f"the release before has migration {before}, not one before {after}")
    began = time.monotonic()
    new.build()
    report.figures["build_s"] = round(time.monotonic() - began, 1)
    jobs = load.add_commands(6, seconds=LONG_S)
    wait_for("three jobs that run in the old release", lambda: len(load.running(jobs)) == 3, 60)
    load.uncounted |= {worker.id for worker in load.client.workers()}
    began = time.monotonic()
    new.up(workers=3)
    report.figures["upgrade_s"] = round(time.monotonic() - began, 1)
    report.figures["upgrade"] = f"{before} to {after}"
    wait_for("three new workers", lambda: len(load.active_workers()) == 3, 120)
    for job_id in jobs:
        load.client.wait(job_id, timeout_s=180)
    found = new.ask_database("SELECT version_num FROM alembic_version")
    report.check(found == after, f"the database is at {found}, not at {after}")
    charged = [each for each in load.attempts_of(jobs) if each.charged and each.outcome != "succeeded"]
    report.check(not charged, f"the upgrade charged {len(charged)} attempts: {[each.message for each in charged]}")
    moved = [attempt for attempt in load.attempts_of(jobs) if attempt.outcome == "preempted"]
    report.figures["upgrade_attempts_moved"] = len(moved)
    report.check(bool(moved), "no job was running when the new release came")
