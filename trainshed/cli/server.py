"""`trainshed up`, `whoami` and `version`."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from trainshed import __version__
from trainshed.cli.invocation import invocation
from trainshed.cli.output import Column, View, print_document, print_one
from trainshed.errors import NotConfigured

if TYPE_CHECKING:
    from trainshed.wire import Whoami

WHOAMI: Final[View[Whoami]] = View(
    lambda sender: sender.key_id,
    (
        Column("PROJECT", lambda sender: sender.project),
        Column("KEY", lambda sender: sender.key_id),
        Column("ROLE", lambda sender: sender.role),
        Column(
            "SCOPES",
            lambda sender: None if sender.scopes is None else ",".join(sender.scopes),
            shown=lambda sender: "all of its role" if sender.scopes is None else ", ".join(sender.scopes),
        ),
    ),
)


def up(context: typer.Context) -> None:
    """Start a server, a worker and a broker on this machine.

    Options are passed on: trainshed up --port 9000. `trainshed up -- --help` lists them.
    """
    spec = importlib.util.find_spec("standalone")
    if spec is None or spec.origin is None:  # a folder of that name has no origin
        raise NotConfigured(
            "The server is not installed here: this package is the client.",
            remedy="Run the server from a checkout (pip install -e '.[standalone]', then `trainshed up`) or from the "
            "container image, and point this client at it with TRAINSHED_URL and TRAINSHED_TOKEN.",
        )
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "standalone", *context.args])  # noqa: S606 - no shell is wanted


def whoami(context: typer.Context) -> None:
    """Show whom the server takes you for."""
    invoked = invocation(context)
    with invoked.client() as client:
        print_one(client.whoami(), WHOAMI, invoked.form)


def version(
    context: typer.Context,
    server: Annotated[bool, typer.Option("--server", help="Ask the server for its own, too.")] = False,
) -> None:
    """Print the version."""
    invoked = invocation(context)
    versions = {"client": __version__}
    if server:
        with invoked.client() as client:
            versions["server"] = client.version().version
    if invoked.form.is_document:
        print_document(versions, invoked.form)
        return
    for name, number in versions.items():
        print(f"{'trainshed' if name == 'client' else name} {number}")
