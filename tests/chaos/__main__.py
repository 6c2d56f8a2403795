"""`make chaos`: real processes, real faults, and a check of all that was promised.

    python -m tests.chaos [--minutes 10 | --hours 2] [--database postgresql sqlite] [--seed 7] [--report FILE]

Writes what was found as JSON and, with `--page`, as a page. Ends with 1 when anything fell short.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.report import Report, write_page
from tests.chaos.round import Plan, play


def main() -> int:
    options = _options()
    minutes = options.hours * 60 if options.hours else options.minutes
    seed = options.seed if options.seed is not None else int(time.time())
    report = Report(seed=seed)
    for database in options.database:
        share = minutes / len(options.database)
        plan = Plan.of(database, minutes=share, seed=seed, jobs_a_minute=options.jobs_a_minute)
        folder = Path(tempfile.mkdtemp(prefix="trainshed-chaos-"))
        folder.chmod(0o755)  # Postgres runs as another user where we are root
        report.rounds.append(play(plan, folder))
        if report.rounds[-1].shortfalls:
            print(f"logs and data of the round: {folder}")
        else:
            shutil.rmtree(folder)
        print(report.rounds[-1].text(), flush=True)
    report.write(options.report)
    if options.page:
        write_page(report, options.page)
    return bool(report.shortfalls)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--minutes", type=float, default=10.0, help="of faults, over all databases (default: 10)")
    parser.add_argument("--hours", type=float, help="the same, longer, with longer outages")
    parser.add_argument(
        "--database", nargs="+", choices=["postgresql", "sqlite"], default=["postgresql", "sqlite"], metavar="DATABASE"
    )
    parser.add_argument("--seed", type=int, help="draws the same faults again (default: the time)")
    parser.add_argument("--jobs-a-minute", type=float, default=32.0)
    parser.add_argument("--report", type=Path, default=Path(".trainshed/chaos/report.json"))
    parser.add_argument("--page", type=Path, help="a page with the same, for people")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
