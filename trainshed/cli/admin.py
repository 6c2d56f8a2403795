"""`trainshed admin`: looks after an installation from the machine it is on.

The work is done by the server's own code, which this package does not have: it is started as a program of its own.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from trainshed.cli.invocation import Command, Invocation, invocation
from trainshed.cli.messages import report
from trainshed.cli.output import Format
from trainshed.errors import NotConfigured

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

_FOLDER: Final = ".trainshed"
_DATABASE: Final = "trainshed.db"
_STORE: Final = "store"
_REMEDY: Final = (
    "Name the data folder with --data-dir, or set TRAINSHED_DATABASE_URL and TRAINSHED_STORE_URL "
    "as the server has them."
)
_NOT_LOOKED: Final = 3
"""Exit code of what could not be looked for, the same as that of the server's program."""
_KNOWN_BY: Final = ("TRAINSHED_DATABASE_URL", "TRAINSHED_SECRETS_DIR")

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Data folder of `trainshed up`. Default: TRAINSHED_DATABASE_URL and TRAINSHED_STORE_URL where they are "
        "set, else the nearest .trainshed/",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")]


@app.callback()
def admin() -> None:
    """Look after an installation: check it, collect garbage."""


@app.command("check", cls=Command)
def check(
    context: typer.Context,
    data_dir: DataDir = None,
    digests: Annotated[bool, typer.Option("--digests", help="Read the blobs and compare their SHA-256.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Read at most so many blobs, other ones each time.")
    ] = None,
) -> None:
    """Look whether database and store are as they must be.

    Exits with 0 when nothing was found, with 1 when something was, and with 3 when it could not be looked for.
    """
    more = ["--digests"] if digests else []
    _start(invocation(context), data_dir, "check", *more, *(["--limit", str(limit)] if limit else []))


@app.command("gc", cls=Command)
def gc(context: typer.Context, data_dir: DataDir = None, dry_run: DryRun = False) -> None:
    """Remove all blobs from the store that nothing names.

    The reconciler does so by itself, bit by bit. What was stored within the last hour stays in any case.
    """
    _start(invocation(context), data_dir, "gc", *(["--dry-run"] if dry_run else []))


@app.command("retention", cls=Command)
def retention(context: typer.Context, data_dir: DataDir = None, dry_run: DryRun = False) -> None:
    """Show what all retention policies would remove."""
    if not dry_run:
        raise typer.BadParameter("the reconciler carries the policies out by itself; say --dry-run to see what goes")
    _start(invocation(context), data_dir, "retention", "--dry-run")


def _start(invoked: Invocation, data_dir: Path | None, *arguments: str) -> None:
    """Go on as the server's program."""
    form = _form(invoked)
    try:
        _check_server()
        environ = _environment(data_dir, os.environ, Path.cwd())
    except NotConfigured as error:
        report(error)
        raise typer.Exit(_NOT_LOOKED) from error
    sys.stdout.flush()
    argv = [sys.executable, "-P", "-m", "reconciler.admin", *arguments, *form]
    os.execve(sys.executable, argv, environ)  # noqa: S606 - no shell is wanted


def _check_server() -> None:
    if not all(_is_there(package) for package in ("reconciler", "sqlalchemy")):
        raise NotConfigured(
            "The server is not installed here: this package is the client.",
            remedy="Run this where the server runs: in its checkout (pip install -e '.[api]') or in the container "
            "image.",
        )


def _form(invoked: Invocation) -> list[str]:
    if invoked.output not in (None, Format.TABLE, Format.JSON):
        raise typer.BadParameter("this command prints text, or with -o json a document")
    form = ["--output", "json"] if invoked.output is Format.JSON else []
    return [*form, *(["--quiet"] if invoked.quiet else [])]


def _environment(data_dir: Path | None, environ: Mapping[str, str], cwd: Path) -> dict[str, str]:
    """Return the environment with database and store as `trainshed up` uses them, or as they were said."""
    if data_dir is None and any(name in environ for name in _KNOWN_BY):
        return dict(environ)
    folder = (data_dir or _find_folder(environ, cwd)).resolve()
    if not (folder / _DATABASE).is_file():
        raise NotConfigured(f"{folder} has no {_DATABASE}: it is no data folder of `trainshed up`.", remedy=_REMEDY)
    ours = {"TRAINSHED_DATABASE_URL": f"sqlite:///{folder / _DATABASE}", "TRAINSHED_STORE_URL": str(folder / _STORE)}
    return {name: value for name, value in environ.items() if name != "TRAINSHED_SECRETS_DIR"} | ours


def _find_folder(environ: Mapping[str, str], cwd: Path) -> Path:
    if named := environ.get("TRAINSHED_DATA_DIR"):
        return Path(named)
    folders = [parent / _FOLDER for parent in (cwd, *cwd.parents)]
    found = next((folder for folder in folders if (folder / _DATABASE).is_file()), None)
    if found is None:
        raise NotConfigured(f"Neither {cwd} nor a folder above it has {_FOLDER}/{_DATABASE}.", remedy=_REMEDY)
    return found


def _is_there(package: str) -> bool:
    spec = importlib.util.find_spec(package)
    return spec is not None and spec.origin is not None  # a folder of that name has no origin
