"""`trainshed up` and `trainshed version`."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Annotated

import typer

from trainshed import __version__
from trainshed.cli.invocation import invocation
from trainshed.cli.output import Format, print_document
from trainshed.errors import NotConfigured


def up(context: typer.Context) -> None:
    """Start a server, a worker and a broker on this machine. Options are passed on: trainshed up --port 9000"""
    spec = importlib.util.find_spec("standalone")
    if spec is None or spec.origin is None:  # a folder of that name has no origin
        raise NotConfigured(
            "The server is not installed here: this package is the client.",
            remedy="Run the server from a checkout (pip install -e '.[standalone]', then `trainshed up`) or from the "
            "container image, and point this client at it with TRAINSHED_URL and TRAINSHED_TOKEN.",
        )
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "standalone", *context.args])  # noqa: S606 - no shell is wanted


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
    if invoked.output in (Format.JSON, Format.YAML):
        print_document(versions, invoked.output)
        return
    for name, number in versions.items():
        print(f"{'trainshed' if name == 'client' else name} {number}")
