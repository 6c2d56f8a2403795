"""What Tab offers: names and identifiers that the server has right now.

A shell waits for the answer and shows nothing else, so each question has a second, and every failure is an empty list.
It then evaluates what it was offered. Jobs and workers choose names, so nothing with a special character is passed on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from trainshed.states import TERMINAL_STATES, JobState

if TYPE_CHECKING:
    from trainshed.client import Client
    from trainshed.wire import JobSummary

Offers = list[tuple[str, str]]
"""What may be typed, each with a word about it."""
Question = Callable[["Client"], Iterable[tuple[str, str]]]

_WITHIN_S: Final = 1.0
_JOBS: Final = 50
_PLAIN: Final = re.compile(r"[\w.@/+=,-]+")
_SPECIAL: Final = re.compile(r"[^\w .@/+=,-]")
KINDS: Final = ("train", "evaluate", "predict", "profile", "preprocess", "command")
"""As in `trainshed.specs`, which takes 0.2 s to load."""


def contexts(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer the names of contexts. They are in a file: no server is asked."""
    try:
        from trainshed.config import contexts_path, list_contexts  # noqa: PLC0415 - only Tab needs it

        path = contexts_path(os.environ)
        return [(each.name, each.url) for each in list_contexts(path)] if path else []
    except Exception:  # noqa: BLE001 - Tab shows no errors
        return []


def jobs(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer identifiers and names of the latest jobs."""
    return _jobs(ctx, incomplete, ())


def finished_jobs(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer jobs that have ended."""
    return _jobs(ctx, incomplete, TERMINAL_STATES)


def unfinished_jobs(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer jobs that have not ended."""
    return _jobs(ctx, incomplete, set(JobState) - TERMINAL_STATES)


def waiting_jobs(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer jobs that have not started."""
    return _jobs(ctx, incomplete, (JobState.BLOCKED, JobState.QUEUED))


def artifacts(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer the files of the job that was typed before."""
    from trainshed.cli.job.names import find_job  # noqa: PLC0415 - it offers jobs with this module

    job = str(ctx.params.get("job") or "")
    return _ask(ctx, lambda client: [(each.path, "") for each in client.artifacts(find_job(client, job))])


def series(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer the series of numbers of the job that was typed before."""
    from trainshed.cli.job.names import find_job  # noqa: PLC0415 - as above

    job = str(ctx.params.get("job") or "")
    return _ask(
        ctx,
        lambda client: [
            (name, f"{value:g}") for name, value in client.get(find_job(client, job)).latest_metrics.items()
        ],
    )


def datasets(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer names of datasets."""
    return _ask(ctx, lambda client: [(each.name, each.latest.ref if each.latest else "") for each in client.datasets()])


def workers(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer workers."""
    return _ask(ctx, lambda client: [(each.id, f"{each.name} {each.state}") for each in client.workers()])


def pools(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer the pools that have workers."""
    return _ask(ctx, lambda client: sorted({(each.pool, "") for each in client.workers()}))


def tokens(ctx: typer.Context, incomplete: str) -> Offers:
    """Offer tokens."""
    return _ask(ctx, lambda client: [(each.id, f"{each.name} {each.role}") for each in client.tokens()])


def kinds() -> list[str]:
    """Offer the kinds of jobs."""
    return [*KINDS]


def _jobs(ctx: typer.Context, incomplete: str, states: Iterable[JobState]) -> Offers:
    prefix = incomplete if incomplete.startswith("job_") else None

    def latest(client: Client) -> Offers:
        found = [*client.list(state=sorted(states), id_prefix=prefix, limit=_JOBS)]
        # The newest of a name comes first, and stays.
        names = {job.name: f"{job.state} {job.kind}" for job in reversed(found)}
        return [*((job.id, _word(job)) for job in found), *names.items()]

    return _ask(ctx, latest)


def _word(job: JobSummary) -> str:
    return f"{job.name} {job.state}"


def _ask(ctx: typer.Context, question: Question) -> Offers:
    try:
        with _client(ctx) as client:
            return [(offer, _SPECIAL.sub("?", word)) for offer, word in question(client) if _PLAIN.fullmatch(offer)]
    except Exception:  # noqa: BLE001 - Tab shows no errors
        return []


def _client(ctx: typer.Context) -> Client:
    from trainshed.client import Client, Patience  # noqa: PLC0415 - HTTP and its models take 0.15 s

    said = {**ctx.find_root().params, **{name: value for name, value in ctx.params.items() if value}}
    token_file: Any = said.get("token_file")
    token = Path(token_file).read_text("utf-8").strip() if token_file else None
    return Client(
        said.get("url"), token, context=said.get("context"), timeout_s=_WITHIN_S, patience=Patience(budget_s=0.0)
    )
