"""Refuses a job that no worker of its pool could ever take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.queries.workers import list_present
from db.transitions import NewJob
from trainshed.errors import NothingFits

_PRESENT_WITHIN_S: Final = 60.0


def workers_of(conn: Connection, pools: Collection[str]) -> dict[str, list[Row[Any]]]:
    """Return what the workers have that serve each of the pools now."""
    found: dict[str, list[Row[Any]]] = {}
    for worker in list_present(conn, pools, seen_within_s=_PRESENT_WITHIN_S):
        found.setdefault(worker.pool, []).append(worker)
    return found


def check_room(job: NewJob, workers: Sequence[Row[Any]]) -> None:
    """Raises `NothingFits` when `workers` serve the pool and not one is large enough. With none, the job waits."""
    if workers and not any(_fits(job, worker) for worker in workers):
        raise _nothing_fits(job, workers)


def _fits(job: NewJob, worker: Row[Any]) -> bool:
    return (
        (job.cpus or 0) <= worker.cpus
        and (job.memory_bytes or 0) <= worker.memory_bytes
        and job.gpus <= worker.gpus
        and (job.kind != "command" or bool(worker.runs_commands))
    )


def _nothing_fits(job: NewJob, workers: Sequence[Row[Any]]) -> NothingFits:
    if job.kind == "command" and not any(worker.runs_commands for worker in workers):
        return NothingFits(
            f"No worker of the pool {job.pool} runs command jobs: none can hide its own files and secrets from them.",
            facts={"pool": job.pool},
            remedy="Name another pool, or start a worker with a sandbox or with --allow-unisolated.",
        )
    largest = {
        "cpus": max(worker.cpus for worker in workers),
        "memory_bytes": max(worker.memory_bytes for worker in workers),
        "gpus": max(worker.gpus for worker in workers),
    }
    return NothingFits(
        f"No worker of the pool {job.pool} is large enough for {_size(job.cpus, job.memory_bytes, job.gpus)}. "
        f"The most that its workers have is {_size(**largest)}.",
        facts={"pool": job.pool, "largest": largest},
    )


def _size(cpus: float | None, memory_bytes: int | None, gpus: int) -> str:
    parts = [
        f"{cpus:g} cpus" if cpus else "",
        f"{memory_bytes / 2**30:.3g} GiB of memory" if memory_bytes else "",
        f"{gpus} gpus" if gpus else "",
    ]
    return ", ".join(part for part in parts if part) or "a job of its kind"
