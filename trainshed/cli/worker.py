"""`trainshed worker`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer

from trainshed.cli import completion
from trainshed.cli.cells import size
from trainshed.cli.invocation import invocation
from trainshed.cli.misuse import Misused
from trainshed.cli.output import Column, View, print_rows
from trainshed.errors import NotFound

if TYPE_CHECKING:
    from trainshed.client import Client
    from trainshed.wire import Worker

Workers = Annotated[
    list[str],
    typer.Argument(
        metavar="WORKER...", help="Identifier, the beginning of one, or name.", autocompletion=completion.workers
    ),
]

WORKERS: Final[View[Worker]] = View(
    lambda worker: worker.id,
    (
        Column("ID", lambda worker: worker.id, width=30),
        Column("NAME", lambda worker: worker.name),
        Column("POOL", lambda worker: worker.pool),
        Column("STATE", lambda worker: worker.state),
        Column("BUSY", lambda worker: worker.busy, shown=lambda worker: f"{worker.busy}/{worker.slots}"),
        Column("CPUS", lambda worker: worker.cpus),
        Column("MEMORY", lambda worker: worker.memory_bytes, shown=lambda worker: size(worker.memory_bytes)),
        Column("GPUS", lambda worker: worker.gpus),
        Column("SEEN", lambda worker: worker.last_seen_at),
        Column("SLOTS", lambda worker: worker.slots, wide=True),
        Column("HOST", lambda worker: worker.host, wide=True),
        Column("SANDBOX", lambda worker: worker.sandbox, wide=True),
        Column("STARTED", lambda worker: worker.started_at, wide=True),
        Column("DRAIN", lambda worker: "asked" if worker.drain else None, wide=True),
        Column("PROGRAMS", lambda worker: "yes" if worker.runs_commands else "no", wide=True),
    ),
)


def list_workers(
    context: typer.Context,
    pool: Annotated[
        str | None, typer.Option("--pool", metavar="NAME", help="Of this pool.", autocompletion=completion.pools)
    ] = None,
) -> None:
    """List workers: their room, and when they were last seen."""
    invoked = invocation(context)
    with invoked.client() as client:
        workers = [worker for worker in client.workers() if pool in (None, worker.pool)]
    print_rows(workers, WORKERS, invoked.form)


def drain(context: typer.Context, workers: Workers) -> None:
    """Let workers take no new job; they go on with those they have."""
    _for_each(context, workers, lambda client, worker: client.drain_worker(worker))


def resume(context: typer.Context, workers: Workers) -> None:
    """Let drained workers take jobs again."""
    _for_each(context, workers, lambda client, worker: client.resume_worker(worker))


def _for_each(context: typer.Context, texts: list[str], change: Callable[[Client, str], Worker]) -> None:
    invoked = invocation(context)
    with invoked.client() as client:
        known = client.workers()
        changed = [change(client, _find(known, text).id) for text in texts]
    print_rows(changed, WORKERS, invoked.form)


def _find(known: tuple[Worker, ...], text: str) -> Worker:
    """A name may have been that of a worker that is gone: those that are there come first."""
    same = [each for each in known if text in (each.id, each.name)]
    found = [each for each in same if each.state != "gone"] or same or [each for each in known if _begins(each, text)]
    if not found:
        raise NotFound(f"No worker has the identifier or name {text!r}.", remedy="`trainshed worker list` lists them.")
    if len(found) > 1:
        shown = "".join(f"\n  {each.id}  {each.name}  {each.state}" for each in found)
        raise Misused(f"Several workers are meant by {text!r}:{shown}", advice="Type the identifier of one.")
    return found[0]


def _begins(worker: Worker, text: str) -> bool:
    return worker.id.startswith((text, f"wrk_{text}"))
