"""`trainshed dataset`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from trainshed.cli import completion
from trainshed.cli.cells import size
from trainshed.cli.exits import exit_of_state
from trainshed.cli.invocation import Invocation, invocation
from trainshed.cli.job.stay import wait_until_ended
from trainshed.cli.options import Limit, Yes, confirm
from trainshed.cli.output import Column, Form, Format, View, print_document, print_one, print_rows
from trainshed.errors import NotFound

if TYPE_CHECKING:
    from trainshed.client import Client
    from trainshed.wire import Dataset, DatasetVersion

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the dataset.", autocompletion=completion.datasets)
]
Ref = Annotated[
    str,
    typer.Argument(metavar="NAME[@VERSION]", help="faces@2; faces: the newest.", autocompletion=completion.datasets),
]


def made_of(lineage: Mapping[str, Any]) -> str:
    """Return what a version was made of, as a spec names it."""
    source = lineage.get("source") or {}
    return str(source.get("dataset") or source.get("path") or "")


def steps_of(lineage: Mapping[str, Any]) -> str:
    """Return the steps that made a version, by name."""
    return ", ".join(str(step.get("step")) for step in lineage.get("preprocess") or ())


VERSIONS: Final[View[DatasetVersion]] = View(
    lambda version: version.ref,
    (
        Column("REF", lambda version: version.ref),
        Column("FILE", lambda version: version.filename),
        Column("SIZE", lambda version: version.size, shown=lambda version: size(version.size)),
        Column("SHA256", lambda version: version.sha256, shown=lambda version: version.sha256[:12]),
        Column("CREATED", lambda version: version.created_at),
        Column("ROWS", lambda version: version.profile and version.profile.get("rows")),
        Column("CLASSES", lambda version: version.profile and (version.profile.get("labels") or {}).get("class_count")),
        Column("PROBLEMS", lambda version: version.profile and len(version.profile.get("problems") or ())),
        Column("PROFILE", lambda version: "yes" if version.profile else version.profile_job),
        Column("MADE BY", lambda version: version.made_by),
        Column("OF", lambda version: version.lineage and made_of(version.lineage), wide=True),
        Column("STEPS", lambda version: version.lineage and steps_of(version.lineage), wide=True),
        Column("BY", lambda version: version.created_by, wide=True),
    ),
)

DATASETS: Final[View[Dataset]] = View(
    lambda dataset: dataset.name,
    (
        Column("NAME", lambda dataset: dataset.name),
        Column("NEWEST", lambda dataset: dataset.latest and dataset.latest.ref),
        Column("FILE", lambda dataset: dataset.latest and dataset.latest.filename),
        Column(
            "SIZE",
            lambda dataset: dataset.latest and dataset.latest.size,
            shown=lambda dataset: dataset.latest and size(dataset.latest.size),
        ),
        Column("CREATED", lambda dataset: dataset.created_at),
        Column("ID", lambda dataset: dataset.id, wide=True),
    ),
)

FACTS: Final[View[tuple[str, str]]] = View(
    lambda fact: fact[0], (Column("FIELD", lambda fact: fact[0]), Column("VALUE", lambda fact: fact[1]))
)


def list_datasets(context: typer.Context, limit: Limit = 50) -> None:
    """List datasets, each with its newest version."""
    invoked = invocation(context)
    with invoked.client() as client:
        print_rows([*islice(client.datasets(), limit)], DATASETS, invoked.form)


def get(context: typer.Context, ref: Ref) -> None:
    """Show a dataset with its versions, or one version: faces@2"""
    invoked = invocation(context)
    with invoked.client() as client:
        if "@" in ref:
            print_one(client.dataset_version(ref), VERSIONS, invoked.form)
            return
        found = client.dataset(ref)
    print_rows(found.versions, VERSIONS, invoked.form, document=found)


def upload(
    context: typer.Context,
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="A file, or a folder of files: .npz, idx, CIFAR-10, pictures, ...")],
    no_profile: Annotated[bool, typer.Option("--no-profile", help="Let no job look into it.")] = False,
) -> None:
    """Make a file or a folder the newest version of a dataset.

    An upload that was interrupted goes on where it stopped. Bytes that are the newest version make no new one.
    """
    invoked = invocation(context)
    with invoked.patient_client() as client, _bar(invoked, file) as progress:
        version = client.upload_dataset(name, file, profile=not no_profile, progress=progress)
    print_one(version, VERSIONS, invoked.form)


def download(
    context: typer.Context,
    ref: Ref,
    to: Annotated[str, typer.Option("--to", help="File, or folder/ to write below.")] = ".",
) -> None:
    """Fetch a version of a dataset: faces@2, or faces for the newest.

    It is verified, and appears whole or not at all.
    """
    with invocation(context).patient_client() as client:
        print(client.download_dataset(ref, to))


def delete(context: typer.Context, ref: Ref, yes: Yes = False) -> None:
    """Delete a version of a dataset, faces@2, or all of it, faces.

    There is no way back. What an unfinished job needs is not deleted.
    """
    invoked = invocation(context)
    confirm(f"delete {ref}" if "@" in ref else f"delete all versions of {ref}", yes=yes)
    with invoked.client() as client:
        client.delete_dataset(ref)
    invoked.note(f"Deleted {ref}")


def profile(
    context: typer.Context,
    ref: Ref,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the job that looks into it.")] = False,
) -> None:
    """Show what the platform found in a version of a dataset."""
    invoked = invocation(context)
    with invoked.patient_client() if wait else invoked.client() as client:
        version = client.dataset_version(ref)
        if version.profile is None and version.profile_job and wait:
            wait_until_ended(invoked, client, [version.profile_job])
            version = client.dataset_version(version.ref)
        if version.profile is None:
            _explain_absence(invoked, client, version)
            return
    _print(version.profile, invoked.form)


def preview(context: typer.Context, ref: Ref) -> None:
    """Show the first rows of a table."""
    invoked = invocation(context)
    with invoked.client() as client:
        version = client.dataset_version(ref)
        if version.profile is None:
            _explain_absence(invoked, client, version)
            return
    rows = version.profile.get("first_rows") or []
    if not rows:
        raise NotFound(
            f"{version.ref} is no table: it is {version.profile['format']}.",
            remedy=f"What was found in it: trainshed dataset profile {version.ref}; its pictures are on its page.",
        )
    names = [field["name"] for field in version.profile["fields"]][: len(rows[0])]
    columns = tuple(Column(name, itemgetter(name)) for name in names)
    records = [dict(zip(names, row, strict=True)) for row in rows]
    print_rows(records, View(itemgetter(names[0]), columns), invoked.form)


def _explain_absence(invoked: Invocation, client: Client, version: DatasetVersion) -> None:
    if version.profile_job is None:
        raise NotFound(
            f"Nobody asked for a profile of {version.ref}.",
            remedy="Submit a job of kind profile for it, or upload it without --no-profile.",
        )
    job = client.get(version.profile_job)
    invoked.note(f"There is no profile of {version.ref} yet: {job.id} {job.state}: {job.message or job.reason}")
    invoked.note(f"→ trainshed job get {job.id}" if job.state.is_terminal else "→ the same with --wait")
    raise typer.Exit(exit_of_state(job.state))


def _print(found: dict[str, Any], form: Form) -> None:
    if form.is_document:
        print_document(found, form)
    elif form.is_for_a_program or form.format is Format.NAME:
        print_rows([*_facts(found)], FACTS, form)
    else:
        readable = {name: value for name, value in found.items() if name != "preview"}  # which is a picture
        print_document(readable, Form(Format.YAML))  # it nests too deeply for a table


def _facts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value with its path, like `columns[0].name`."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _facts(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _facts(each, f"{path}[{index}]")
    else:
        yield path, "" if value is None else str(value)


@contextmanager
def _bar(invoked: Invocation, file: Path) -> Iterator[Callable[[int, int], None] | None]:
    """Show how much has arrived, where a person looks at it."""
    if invoked.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - rich takes 0.1 s that a pipe need not pay
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(file.name, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
