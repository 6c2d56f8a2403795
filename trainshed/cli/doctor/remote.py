"""The server: whether it answers, how it is, whether it knows this key, and who works for it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import httpx2

from trainshed import __version__
from trainshed.cli.doctor.finding import Finding, fail, ok, warn
from trainshed.client import Client, Patience
from trainshed.errors import NotFound, TrainshedError, Unauthenticated

if TYPE_CHECKING:
    from trainshed.config import Server
    from trainshed.wire import Worker

_WITHIN_S: Final = 5.0
_FINE: Final = "ok"
_DEGRADED: Final = "degraded"
_SKEW_S: Final = 5.0
_REMEDIES: Final = {
    "database": "Look at the database and at TRAINSHED_DATABASE_URL of the server; run the migrations after an update.",
    "broker": "Look at the broker and at TRAINSHED_BROKER_URL of the server; until then jobs start a little later.",
    "store": "Look at TRAINSHED_STORE_URL of the server, and at the room and the rights there.",
}


def look(server: Server) -> Iterator[Finding]:
    """Yield what is to be said about the server. When it does not answer, nothing else is asked."""
    with Client(server.url, server.token, timeout_s=_WITHIN_S, patience=Patience(budget_s=0.0)) as client:
        try:
            number = client.version().version
        except TrainshedError as error:
            yield fail("server", error.detail, error.advice)
            return
        yield _version(server, number)
        yield from _health(client)
        yield _clock(server)
        yield from _key_and_workers(client, server)


def _version(server: Server, number: str) -> Finding:
    words = f"{server.url} answers, version {number}"
    if number != __version__:
        return warn("server", f"{words}; this client is {__version__}", "Bring the older of the two up to date.")
    return ok("server", words)


def _health(client: Client) -> Iterator[Finding]:
    try:
        readiness = client.health()
    except TrainshedError as error:
        yield fail("health", error.detail, error.advice)
        return
    for part, state in readiness.checks.items():
        remedy = _REMEDIES.get(part, "Look at the server's log.")
        if state == _FINE:
            yield ok(part, "ok, and its schema is the server's" if part == "database" else state)
        elif state.startswith(_DEGRADED):
            yield warn(part, state, remedy)
        else:
            yield fail(part, state, remedy)


def _clock(server: Server) -> Finding:
    """Compare the clocks by the Date header, which knows whole seconds."""
    before = time.time()
    try:
        with httpx2.Client(trust_env=not server.is_local, verify=server.url.startswith("https")) as http:
            answer = http.get(f"{server.url}/healthz", timeout=_WITHIN_S)
        there = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (httpx2.HTTPError, KeyError, ValueError, TypeError):
        return warn("clock", "the server did not say what time it is", "Compare the clocks of both machines by hand.")
    skew_s = there + 0.5 - (before + time.time()) / 2
    if abs(skew_s) > _SKEW_S:
        way = "ahead of" if skew_s > 0 else "behind"
        remedy = "Let both machines set their clocks (NTP): --since and ages are wrong by as much."
        return warn("clock", f"the server is {abs(skew_s):.0f} s {way} this machine", remedy)
    return ok("clock", "as on the server")


def _key_and_workers(client: Client, server: Server) -> Iterator[Finding]:
    if server.token is None:
        yield fail("key", f"there is none for {server.url}", "Set TRAINSHED_TOKEN, or: trainshed context add")
        return
    try:
        sender = client.whoami()
        scopes = "" if sender.scopes is None else f", scopes {' '.join(sender.scopes) or 'none'}"
        yield ok("key", f"{sender.key_id}: {sender.role} of the project {sender.project}{scopes}")
        workers = client.workers()
    except (Unauthenticated, NotFound) as error:
        yield fail("key", error.detail, error.advice)
    except TrainshedError as error:
        yield warn("workers", error.detail, error.advice)
    else:
        yield from _workers(workers)


def _workers(workers: tuple[Worker, ...]) -> Iterator[Finding]:
    pools: dict[str, list[Worker]] = defaultdict(list)
    for worker in workers:
        if worker.state != "gone":
            pools[worker.pool].append(worker)
    if not pools:
        yield warn("workers", "there are none: jobs wait", "Start one: `trainshed up`, or `python -m worker`.")
    for pool, present in sorted(pools.items()):
        yield _pool(pool, present)


def _pool(pool: str, workers: list[Worker]) -> Finding:
    check = f"pool {pool}"
    active = [worker for worker in workers if worker.state == "active" and not worker.drain]
    slots = sum(worker.slots for worker in active)
    levels = "; ".join(sorted({worker.sandbox for worker in workers}))
    words = f"{len(active)} of {len(workers)} take jobs, {slots} slots, sandbox: {levels}"
    if not active:
        return warn(check, words, "All drain: `trainshed worker resume WORKER`, or start another.")
    if not any(worker.runs_commands for worker in active):
        return warn(
            check, words, "None runs users' programs (kind command): see docs/settings.md, TRAINSHED_ALLOW_UNISOLATED."
        )
    return ok(check, words)
