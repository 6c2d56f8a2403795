"""What a worker and the reconciler ask of a table of very many jobs, again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, Final

from sqlalchemy import text

from db import transitions
from db.engine import Database
from db.queries import queues
from db.transitions import By, Capacity
from reconciler import expire, rehint, unblock
from reconciler.reap import Reaper
from reconciler.retain import Retainer
from trainshed.states import Actor

_CLAIMS: Final = 200
_TICKS: Final = 9
_BY: Final = By(Actor.RECONCILER, "rec_bench")
_CAPACITY: Final = Capacity(
    worker_id="wrk_bench",
    worker_name="bench",
    pool="cpu",
    cpus=2.0,
    memory_bytes=2**33,
    gpus=0,
    slot_cpus=1.0,
    runs_commands=True,
)


def measure_claims(database: Database) -> list[float]:
    """Return for each of some claims its milliseconds, without the commit."""
    times: list[float] = []
    for _ in range(_CLAIMS):
        with database.begin() as conn:
            began = time.perf_counter()
            assert transitions.claim(conn, _CAPACITY) is not None
            times.append(_ms_since(began))
    return times


def measure_round_trips(database: Database) -> list[float]:
    """Return milliseconds of the least statement there is; a claim is four statements."""
    times: list[float] = []
    for _ in range(_CLAIMS):
        with database.begin() as conn:
            conn.execute(text("SELECT 1"))
            began = time.perf_counter()
            conn.execute(text("SELECT 1"))
            times.append(_ms_since(began))
    return times


def measure_ticks(database: Database, project_id: str) -> dict[str, float]:
    """Return for each duty, and for the look of `/metrics`, its median milliseconds."""
    _keep_much(database, project_id)
    reaper, retainer = Reaper(_BY), Retainer(database)
    duties: dict[str, Callable[[], Any]] = {
        "reap": lambda: reaper.run_once(database),
        "rehint": lambda: rehint.run_once(database),
        "expire": lambda: expire.run_once(database, _BY),
        "unblock": lambda: unblock.run_once(database, _BY),
        "retain": retainer.run_once,
        "metrics": lambda: _look_at_queues(database),
    }
    return {name: median([_timed(duty) for _ in range(_TICKS)]) for name, duty in duties.items()}


def count_rehinted(database: Database) -> int:
    """Return how many rows one tick of hints wrote, of all that wait without having been told of."""
    with database.read() as conn:
        before = conn.execute(text("SELECT max(hinted_at) FROM job")).scalar_one()
    rehint.run_once(database)
    with database.read() as conn:
        written = conn.execute(text("SELECT count(*) FROM job WHERE hinted_at > :before"), {"before": before})
        return int(written.scalar_one())


def _keep_much(database: Database, project_id: str) -> None:
    """Give the project a policy that looks at much and removes nothing of what is there."""
    with database.begin() as conn:
        conn.execute(
            text("""INSERT INTO retention_policy (project_id, jobs_age_s, logs_count, artifacts_age_s, updated_at)
                VALUES (:project_id, 31536000, 10000, 31536000, 0)"""),
            {"project_id": project_id},
        )


def _look_at_queues(database: Database) -> None:
    with database.read() as conn:
        queues.queued(conn)
        queues.running(conn)
        queues.slots(conn)


def _timed(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return _ms_since(began)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
