"""`trainshed context`: servers under names, in a file of the user. None of these asks a server."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from trainshed import config
from trainshed.cli import completion
from trainshed.cli.invocation import Invocation, invocation
from trainshed.cli.options import Yes, confirm
from trainshed.cli.output import Column, View, print_document, print_one, print_rows
from trainshed.errors import NotConfigured

if TYPE_CHECKING:
    from trainshed.config import Context

ContextName = Annotated[str, typer.Argument(metavar="NAME", help="Its name.", autocompletion=completion.contexts)]

CONTEXTS: Final[View[Context]] = View(
    lambda each: each.name,
    (
        Column("CURRENT", lambda each: "*" if each.is_current else None),
        Column("NAME", lambda each: each.name),
        Column("URL", lambda each: each.url),
        Column("KEY", lambda each: "yes" if each.token else "no"),
    ),
)


def list_all(context: typer.Context) -> None:
    """List the servers that are known by name."""
    invoked = invocation(context)
    _print(invoked, config.list_contexts(_path()))


def use(context: typer.Context, name: ContextName) -> None:
    """Talk to this server from now on."""
    invoked = invocation(context)
    used = config.use_context(_path(), name)
    invoked.note(f"From now on: {used.name}, {used.url}")
    if os.environ.get("TRAINSHED_URL") or os.environ.get("TRAINSHED_CONTEXT"):
        invoked.note("But the environment of this shell (TRAINSHED_URL or TRAINSHED_CONTEXT) goes before it.")


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    address: Annotated[str | None, typer.Argument(metavar="URL", help="Its address; also as --url.")] = None,
    current: Annotated[bool, typer.Option("--use", help="Talk to it from now on.")] = False,
) -> None:
    """Keep a server with its key under a name.

    The key is read from --token-file, from TRAINSHED_TOKEN, or from stdin: never from the arguments, which others on
    this machine can read.
    """
    invoked = invocation(context)
    url = address or invoked.url
    if not url:
        raise typer.BadParameter("name the address of the server, like https://host or http://127.0.0.1:8321")
    key = invoked.token() or os.environ.get("TRAINSHED_TOKEN") or _key_from_stdin()
    saved = config.save_context(_path(), name, url=url, token=key or None, use=current)
    invoked.note(
        f"Saved {saved.name}, {saved.url}{'' if saved.is_current else f'; trainshed context use {saved.name}'}"
    )


def remove(context: typer.Context, name: ContextName, yes: Yes = False) -> None:
    """Forget a server and its key."""
    invoked = invocation(context)
    confirm(f"forget the context {name} and its key", yes=yes)
    config.remove_context(_path(), name)
    invoked.note(f"Removed {name}")


def show(context: typer.Context) -> None:
    """Show which server commands talk to from here, and why."""
    invoked = invocation(context)
    server = config.find_server(
        invoked.url, invoked.token(), context=invoked.context, environ=os.environ, cwd=Path.cwd()
    )
    found = {"url": server.url, "from": _origin(invoked), "key": "yes" if server.token else "no"}
    if invoked.form.is_document:
        print_document(found, invoked.form)
    else:
        print_one(found, _FOUND, invoked.form)


_FOUND: Final[View[dict[str, str]]] = View(
    lambda found: found["url"],
    (
        Column("URL", lambda found: found["url"]),
        Column("FROM", lambda found: found["from"]),
        Column("KEY", lambda found: found["key"]),
    ),
)


def _origin(invoked: Invocation) -> str:
    """Say which of the places that `trainshed.config` looks at had the address."""
    if invoked.url:
        return "--url"
    if os.environ.get("TRAINSHED_URL"):
        return "TRAINSHED_URL"
    if invoked.context or os.environ.get("TRAINSHED_CONTEXT"):
        return f"context {invoked.context or os.environ['TRAINSHED_CONTEXT']}"
    path = config.contexts_path(os.environ)
    current = next((each.name for each in config.list_contexts(path) if each.is_current), None) if path else None
    return f"context {current}" if current else "local mode"


def _path() -> Path:
    path = config.contexts_path(os.environ)
    if path is None:
        raise NotConfigured("There is no folder for contexts: this user has no home.", remedy="Set XDG_CONFIG_HOME.")
    return path


def _key_from_stdin() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Key of the API (empty: none): ").strip()
    return sys.stdin.readline().strip()


def _print(invoked: Invocation, contexts: tuple[Context, ...]) -> None:
    """No key is ever printed."""
    plain = [
        {"name": each.name, "url": each.url, "current": each.is_current, "key": bool(each.token)} for each in contexts
    ]
    print_rows(contexts, CONTEXTS, invoked.form, document=plain)
