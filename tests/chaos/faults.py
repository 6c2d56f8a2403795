"""Faults, each a thing that is done to the stage, and undone. `Fault.happen` returns when it is over.

Durations are scaled by `patience`: 1 for a run of minutes; longer outages for runs of hours.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psycopg
import redis

from tests.chaos.stage import Part, Stage
from tests.processes import descendants, name_of
from tests.servers import wait_until

_QUEUE: Final = "trainshed:pool.cpu"
_LEASE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Happened:
    """One fault that was made. `victims` are names of parts, or pids."""

    fault: str
    at: float
    """Seconds since 1970."""
    victims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault, and how often it is drawn beside the others."""

    name: str
    happen: Callable[[Stage, random.Random, float], Iterable[str]]
    weight: int = 1
    needs_postgres: bool = False


def kill_worker(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    return [_kill(draw.choice(stage.workers()), signal.SIGKILL)]


def drain_worker(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    return [_kill(draw.choice(stage.workers()), signal.SIGTERM)]


def freeze_worker(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    """Longer than a lease: it comes back from the dead."""
    part = draw.choice(stage.workers())
    below = descendants(part.pid)
    for pid in (part.pid, *below):
        _signal(pid, signal.SIGSTOP)
    time.sleep(_LEASE_S + 5 * patience)
    for pid in (*below, part.pid):
        _signal(pid, signal.SIGCONT)
    return [part.name]


def kill_job(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    jobs = [pid for part in stage.workers() for pid in descendants(part.pid) if _is_job(pid)]
    return _kill_one(jobs, draw)


def kill_zygote(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    zygotes = [pid for part in stage.workers() for pid in descendants(part.pid) if name_of(pid) == "trainshed-zygot"]
    return _kill_one(zygotes, draw)


def kill_api(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    return [_kill(stage.parts[draw.choice(["api-1", "api-2"])], signal.SIGKILL)]


def kill_reconciler(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    return [_kill(stage.parts[draw.choice(["reconciler-1", "reconciler-2"])], signal.SIGKILL)]


def restart_broker(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    stage.valkey.stop()
    time.sleep(patience)
    stage.valkey.start()
    return []


def flush_broker(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    with stage.valkey.client() as broker:
        broker.flushall()
    return []


def freeze_broker(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    stage.valkey.freeze()
    time.sleep(6 * patience)
    stage.valkey.thaw()
    return []


def forge_hints(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    """A hundred doubles of what is there, and things that are no hint at all."""
    with stage.valkey.client() as broker, suppress(redis.RedisError):
        broker.lpush(_QUEUE, *[secrets.token_bytes(draw.randrange(1, 200)) for _ in range(20)])
        broker.lpush(_QUEUE, *["{}", "null", '{"body": 1}', '{"properties": {}}'] * 5)
        found = broker.lindex(_QUEUE, -1)
        if found:
            broker.lpush(_QUEUE, *[found] * 100)
    return []


def cut_broker(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    stage.broker_proxy.cut()
    return []


def restart_database(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    """Postgres ends at once, as in a power cut, and recovers."""
    assert stage.postgres is not None
    stage.postgres.stop()
    time.sleep(2 * patience)
    stage.postgres.start()
    return []


def freeze_database(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    assert stage.postgres is not None
    stage.postgres.freeze()
    time.sleep(8 * patience)
    stage.postgres.thaw()
    return []


def terminate_backends(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    assert stage.postgres is not None
    with psycopg.connect(stage.postgres.url("postgres"), autocommit=True) as connection:
        for _ in range(5):
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            time.sleep(0.3)
    return []


def silence_database(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    """The network between all parts and the database swallows everything."""
    assert stage.database_proxy is not None
    stage.database_proxy.is_silent = True
    time.sleep(5 * patience)
    stage.database_proxy.heal()
    return []


def slow_network(stage: Stage, draw: random.Random, patience: float) -> list[str]:
    for proxy in filter(None, (stage.database_proxy, stage.broker_proxy)):
        proxy.delay_s, proxy.reset_share = 0.05, 0.01
    time.sleep(5 * patience)
    for proxy in filter(None, (stage.database_proxy, stage.broker_proxy)):
        proxy.heal()
    return []


FAULTS: Final = (
    Fault("kill -9 of a worker", kill_worker, weight=4),
    Fault("SIGTERM to a worker", drain_worker, weight=3),
    Fault("SIGSTOP of a worker and all below for longer than its lease", freeze_worker),
    Fault("kill -9 of a job's process", kill_job, weight=5),
    Fault("kill -9 of a zygote", kill_zygote, weight=2),
    Fault("kill -9 of an API", kill_api, weight=4),
    Fault("kill -9 of a reconciler", kill_reconciler, weight=2),
    Fault("broker killed and started empty", restart_broker, weight=2),
    Fault("broker flushed", flush_broker, weight=2),
    Fault("broker frozen", freeze_broker),
    Fault("forged, doubled and broken hints", forge_hints, weight=2),
    Fault("all connections to the broker reset", cut_broker, weight=2),
    Fault("database stopped at once and started", restart_database, weight=2, needs_postgres=True),
    Fault("database frozen", freeze_database, needs_postgres=True),
    Fault("all database sessions terminated, five times", terminate_backends, weight=2, needs_postgres=True),
    Fault("database unreachable without a sign", silence_database, needs_postgres=True),
    Fault("slow network that resets one chunk in a hundred", slow_network, weight=2),
)


def draw_fault(stage: Stage, draw: random.Random) -> Fault:
    """Draw one that this stage can have."""
    possible = [fault for fault in FAULTS if stage.postgres is not None or not fault.needs_postgres]
    return draw.choices(possible, [fault.weight for fault in possible])[0]


def make_happen(fault: Fault, stage: Stage, draw: random.Random, patience: float) -> Happened:
    """Do it, wait until it is over, and start again what ended of it."""
    began = time.time()
    victims = tuple(map(str, fault.happen(stage, draw, patience)))
    time.sleep(0.2 * patience)
    stage.mend()
    return Happened(fault.name, began, victims)


def _kill(part: Part, number: signal.Signals) -> str:
    part.process.signal(number)
    wait_until(lambda: part.has_ended, within_s=25, what=f"{part.name} to end")
    return part.name


def _kill_one(pids: list[int], draw: random.Random) -> list[str]:
    if not pids:
        return []
    pid = draw.choice(pids)
    _signal(pid, signal.SIGKILL)
    return [str(pid)]


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _is_job(pid: int) -> bool:
    """A training, or the shell of a program; its init and what waits for the next one are neither."""
    return name_of(pid) in {"trainshed-job", "sh"}
