"""`trainshed job submit` and `trainshed job run`."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Annotated, Any

import typer

from trainshed.cli.invocation import Invocation, invocation
from trainshed.cli.job.stay import show_or_stay, wait_for_all
from trainshed.cli.misuse import Misused
from trainshed.cli.options import Assignments, Follow, Key, Name, Pool, Wait, pairs
from trainshed.cli.output import print_rows
from trainshed.cli.overrides import apply, read_document
from trainshed.cli.views import DRAFTS, REFS

DryRun = Annotated[bool, typer.Option("--dry-run", help="Let the server check it, and submit nothing.")]
FollowLong = Annotated[bool, typer.Option("--follow", help="Show the log as it comes, and exit as the job did.")]
Files = Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="YAML or JSON; - for stdin.")]
FileOptions = Annotated[
    list[Path] | None, typer.Option("--file", "-f", metavar="FILE", help="A spec file. May be given several times.")
]


def submit(
    context: typer.Context,
    files: Files = None,
    file_options: FileOptions = None,
    assignments: Assignments = None,
    name: Name = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    follow: FollowLong = False,
    idempotency_key: Key = None,
) -> None:
    """Submit jobs from specs.

    Several files become several jobs, all or none of them; --set then changes each.
    """
    sources = [*(files or []), *(file_options or [])]
    _check_usage(sources, name=name, follow=follow)
    named = [f"name={name}"] if name else []
    documents = [apply(read_document(source), [*(assignments or []), *named]) for source in sources]
    invoked = invocation(context)
    if dry_run:
        _check(invoked, documents)
    elif len(documents) > 1:
        _submit_many(invoked, documents, wait=wait, idempotency_key=idempotency_key)
    else:
        _submit(invoked, documents[0], wait=wait, follow=follow, idempotency_key=idempotency_key)


def run(
    context: typer.Context,
    argv: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="Program and arguments.")],
    name: Name = None,
    env: Annotated[
        list[str] | None, typer.Option("--env", metavar="NAME=VALUE", help="A variable of its environment.")
    ] = None,
    labels: Annotated[
        list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="A label to find it by.")
    ] = None,
    cpus: Annotated[float | None, typer.Option("--cpus", help="CPU cores.")] = None,
    memory: Annotated[str | None, typer.Option("--memory", help="Limit, like 2GiB.")] = None,
    pool: Pool = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    follow: Follow = False,
    idempotency_key: Key = None,
) -> None:
    """Run a program as a job: trainshed job run -f -- python train.py --epochs 3"""
    resources = {"cpus": cpus, "memory": memory, "pool": pool}
    document = {
        "kind": "command",
        "name": name or _name_of(argv[0]),
        "command": argv,
        "env": pairs(env, "NAME=VALUE"),
        "resources": {key: value for key, value in resources.items() if value is not None},
    }
    if labels:
        document["labels"] = pairs(labels)
    invoked = invocation(context)
    if dry_run:
        _check(invoked, [document])
    else:
        _submit(invoked, document, wait=wait, follow=follow, idempotency_key=idempotency_key)


def _check_usage(sources: list[Path], *, name: str | None, follow: bool) -> None:
    if not sources:
        raise typer.BadParameter("name a file with the spec, or - for stdin")
    if len(sources) > 1 and (name or follow):
        option = "--name" if name else "--follow"
        raise Misused(f"{option} is for one job, and here are {len(sources)}.", advice="Submit them one by one.")
    if sources.count(Path("-")) > 1:
        raise Misused("stdin can be read once.", advice="Name - once, and files beside it.")


def _check(invoked: Invocation, documents: list[Any]) -> None:
    with invoked.client() as client:
        drafts = [client.check(document) for document in documents]
    print_rows(drafts, DRAFTS, invoked.form, document=drafts[0] if len(drafts) == 1 else None)
    invoked.note("Nothing was submitted.")


def _submit(invoked: Invocation, document: Any, *, wait: bool, follow: bool, idempotency_key: str | None) -> None:
    with invoked.patient_client() if wait or follow else invoked.client() as client:
        job = client.submit(document, idempotency_key=idempotency_key)
        show_or_stay(invoked, client, job, wait=wait, follow=follow)


def _submit_many(invoked: Invocation, documents: list[Any], *, wait: bool, idempotency_key: str | None) -> None:
    with invoked.patient_client() if wait else invoked.client() as client:
        refs = client.submit_many(documents, idempotency_key=idempotency_key)
        if wait:
            wait_for_all(invoked, client, [ref.id for ref in refs])  # and exit as they did
    print_rows(refs, REFS, invoked.form)


def _name_of(program: str) -> str:
    """`./Train.py` becomes `train.py`."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", PurePath(program).name.lower())
    return plain.strip("._-")[:63].rstrip("._-") or "command"
