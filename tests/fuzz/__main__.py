"""`make fuzz SECONDS=300`: schemathesis over the whole API, on SQLite and then on Postgres, for so long on each."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.migrate import upgrade
from tests.fuzz.campaign import Outcome, run_campaign
from tests.servers import PostgresServer, ValkeyServer

PHASES = ["--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure"]


def main() -> int:
    """Return 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Look for requests that the API answers wrongly.")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long on each database")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append", help="default: both")
    arguments = parser.parse_args()
    defects = 0
    for dialect in arguments.database or ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="trainshed-fuzz-") as name, world(Path(name), dialect) as (url, broker):
            outcome = run_campaign(
                Path(name), database_url=url, broker_url=broker, options=PHASES, seconds=arguments.seconds
            )
        show(dialect, outcome)
        defects += len(outcome.defects)
    return 1 if defects else 0


@contextmanager
def world(folder: Path, dialect: str) -> Iterator[tuple[str, str]]:
    """Run the servers, and yield the URL of a migrated database and that of a broker."""
    folder.chmod(0o755)  # Postgres does not run as root
    broker, postgres = ValkeyServer(folder / "valkey"), PostgresServer(folder / "postgres")
    broker.start()
    try:
        if dialect == "sqlite":
            url = f"sqlite:///{folder / 'trainshed.db'}"
        else:
            postgres.start()
            postgres.execute("CREATE DATABASE fuzzed")
            url = postgres.url("fuzzed")
        upgrade(url)
        yield url, broker.url
    finally:
        broker.stop()
        if dialect != "sqlite":
            postgres.stop()


def show(dialect: str, outcome: Outcome) -> None:
    """Print what was found, and how much was asked."""
    by_status = Counter[int]()
    for (_, status), count in outcome.answers.items():
        by_status[status] += count
    sys.stdout.write(f"{outcome.report}\n{dialect}: {by_status.total()} answers of {len(outcome.answers)} kinds\n")
    sys.stdout.write("".join(f"  {status}: {count}\n" for status, count in sorted(by_status.items())))
    sys.stdout.write("".join(f"  DEFECT: {defect}\n" for defect in outcome.defects))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
