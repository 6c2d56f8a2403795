"""Rows of very many jobs as a project has them after three months, written straight into the tables.

They are the same each time: all chance comes from one seed, all times from now.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, text

from db.engine import Database
from trainshed.ids import earliest_id

SPAN_S: Final = 90 * 86_400.0
_BATCH: Final = 50_000
_STATES: Final = {"succeeded": 60, "queued": 20, "failed": 12, "cancelled": 6.9, "blocked": 1, "running": 0.1}
_REASONS: Final = {
    "succeeded": "completed",
    "queued": "waiting_for_capacity",
    "failed": "user_error",
    "cancelled": "cancelled_by_user",
    "blocked": "held",
    "running": "running",
}
_ATTEMPTED: Final = ("succeeded", "failed", "running")
_POOLS: Final = ("cpu", "cpu", "cpu", "gpu", "spot")
_MODELS: Final = ("resnet", "cnn", "vit", "mobilenet", "unet")
_TEAMS: Final = ("vision", "speech", "search", "ads")
_EVERY_TENTH: Final = 10
_TIME_CHARS: Final = len("job_") + 10
"""An identifier begins with its time; 16 characters of chance follow."""

JOB: Final = (
    *("id", "project_id", "created_by", "kind", "name", "labels", "spec", "created_at", "state", "reason", "message"),
    *("event_seq", "version", "priority", "pool", "gpus", "not_before", "queued_at", "queue_timeout_s", "hinted_at"),
    *("attempt", "hb", "held", "owner", "lease_expires_at", "started_at", "finished_at"),
)
ATTEMPT: Final = (
    *("job_id", "number", "worker_id", "worker_name", "outcome", "message", "charged", "started_at", "ended_at"),
    *("log_bytes", "facts"),
)
EVENT: Final = ("txid", "job_id", "seq", "type", "state", "reason", "message", "actor", "cause", "attempt", "at")
SERIES: Final = ("job_id", "name", "last_step", "last_value")

Row = tuple[Any, ...]


def fill(database: Database, project_id: str, specs: dict[str, dict[str, Any]], *, jobs: int, now: float) -> None:
    """Write `jobs` jobs with their attempts, and for each tenth an event and a series. `specs`: one of each kind."""
    made = _jobs(project_id, specs, jobs, now)
    while some := list(islice(made, _BATCH)):
        with database.begin() as conn:
            write_rows(conn, "job", JOB, some)
            write_rows(conn, "attempt", ATTEMPT, [_attempt(row) for row in some if row[8] in _ATTEMPTED])
            write_rows(conn, "event", EVENT, [_event(row) for row in some[::_EVERY_TENTH]])
            write_rows(conn, "metric_series", SERIES, [(row[0], "loss", 100, 0.25) for row in some[::_EVERY_TENTH]])


def _jobs(project_id: str, specs: dict[str, dict[str, Any]], jobs: int, now: float) -> Iterator[Row]:
    chance = random.Random(7)
    kinds = list(specs)
    written = {kind: json.dumps(spec) for kind, spec in specs.items()}
    states = chance.choices(list(_STATES), weights=list(_STATES.values()), k=jobs)
    for number, state in enumerate(states):
        at = now - SPAN_S + SPAN_S * number / jobs
        model = chance.choice(_MODELS)
        labels = {"team": chance.choice(_TEAMS), "experiment": f"exp-{number % 5_000}"}
        kind = chance.choice(kinds)
        started = at + 30 if state in _ATTEMPTED else None
        finished = at + chance.uniform(60, 7_200) if state in {"succeeded", "failed", "cancelled"} else None
        yield (
            f"{earliest_id('job', at)[:_TIME_CHARS]}{chance.getrandbits(64):016x}",
            *(project_id, "key_bench", kind, f"{model}-{number % 2_000}", json.dumps(labels), written[kind], at),
            *(state, _REASONS[state], "As it came.", 1, 2, chance.choice((0, 0, 0, 5, -5)), chance.choice(_POOLS)),
            *(0, at, at, now if chance.random() < 0.5 else None, at, int(state in _ATTEMPTED), 1, state == "blocked"),
            *(("wrk_bench", now + 3_600) if state == "running" else (None, None)),
            *(started, finished),
        )


def _attempt(job: Row) -> Row:
    values = dict(zip(JOB, job, strict=True))
    outcome = {"succeeded": "succeeded", "failed": "user_error", "running": "running"}[values["state"]]
    ended = values["finished_at"]
    return (values["id"], 1, "wrk_bench", "bench", outcome, "", False, values["started_at"], ended, 0, "{}")


def _event(job: Row) -> Row:
    values = dict(zip(JOB, job, strict=True))
    what = (values["state"], values["reason"], values["message"])
    return (0, values["id"], 1, "submit", *what, "user", "key_bench", 0, values["created_at"])


def write_rows(conn: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows straight into a table, the fastest way that its database has."""
    write = {"postgresql": _copy, "sqlite": _insert}[conn.dialect.name]
    write(conn, table, columns, rows)


def _copy(conn: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    cursor: Any = conn.connection.cursor()
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(conn: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    places = ", ".join("?" * len(columns))
    cursor: Any = conn.connection.cursor()
    cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)


def settle(database: Database) -> None:
    """Gather statistics, as a database in use has them."""
    command: dict[str, Callable[[], None]] = {
        "postgresql": lambda: _vacuum(database),
        "sqlite": lambda: _analyze(database),
    }
    command[database.dialect]()


def _vacuum(database: Database) -> None:
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("SET statement_timeout = 0"))
        conn.execute(text("VACUUM (ANALYZE)"))


def _analyze(database: Database) -> None:
    with database.begin() as conn:
        conn.execute(text("ANALYZE"))
