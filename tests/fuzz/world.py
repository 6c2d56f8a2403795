"""What the fuzzed API has to show: jobs in several states with logs, metrics and files, datasets, a worker, a token."""

from __future__ import annotations

import httpx2

from db import reports
from db.engine import Database
from db.reports import Point
from db.workers import WorkerFacts, register
from tests.factories import claim, end
from trainshed.ids import new_id

COMMAND = {"kind": "command", "name": "fuzzed", "command": ["true"], "labels": {"made": "by-hand"}}
WORKER = WorkerFacts(
    id=new_id("wrk"),
    name="w",
    host="h",
    pid=1,
    pool="cpu",
    slots=1,
    cpus=4.0,
    memory_bytes=2**33,
    gpus=0,
    sandbox="none",
    runs_commands=True,
    versions={},
)


def fill(http: httpx2.Client, database: Database) -> str:
    """Make it all, and return the identifier of a token that nobody uses."""
    with database.begin() as conn:
        register(conn, WORKER)
    for _ in range(20):
        _finished_job(http, database)
    for _ in range(20):
        http.post("/jobs", json=COMMAND).raise_for_status()
    for name in ("faces", "visits"):
        http.put(f"/datasets/{name}?filename={name}.csv", content=b"x,y\n1,2\n").raise_for_status()
    made = http.post("/tokens", json={"name": "unused", "role": "viewer"}).raise_for_status()
    token: str = made.json()["id"]
    return token


def _finished_job(http: httpx2.Client, database: Database) -> None:
    job_id = http.post("/jobs", json=COMMAND).raise_for_status().json()["id"]
    with database.begin() as conn:
        won = claim(conn)
        reports.append_log(conn, won.lease, start=0, data=b"one\ntwo \xff\n")
        reports.add_points(conn, won.lease, [Point("loss", step, 1 / (step + 1)) for step in range(10)])
        end(conn, won)
    http.put(f"/jobs/{job_id}/artifacts/notes.txt", content=b"noted").raise_for_status()
