"""Which server to talk to, and with which key.

The first of these that knows an address decides:

1. an argument,
2. the environment: `TRAINSHED_URL`, with `TRAINSHED_TOKEN`,
3. a context by name: the argument, or `TRAINSHED_CONTEXT` (see `trainshed.contexts`),
4. the current context,
5. local mode: the folder that `TRAINSHED_DATA_DIR` names, or the nearest `.trainshed/` from the working directory
   upwards. A running local server keeps its address there in `server.json` and its key in `admin.key`.

A key is taken in the same order, and only one that belongs to the address: no key is ever sent to another server than
its own. One in `TRAINSHED_TOKEN` belongs to `TRAINSHED_URL`, or without that to whatever address was chosen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from trainshed.address import Server, normalised, server_at
from trainshed.contexts import (
    Context,
    contexts_path,
    find_context,
    list_contexts,
    remove_context,
    save_context,
    use_context,
)
from trainshed.errors import NotConfigured

__all__ = [
    "Context",
    "Server",
    "contexts_path",
    "find_server",
    "list_contexts",
    "remove_context",
    "save_context",
    "use_context",
]

_FOLDER: Final = ".trainshed"


def find_server(
    url: str | None, token: str | None, *, context: str | None = None, environ: Mapping[str, str], cwd: Path
) -> Server:
    """Return the server to talk to. Raises `NotConfigured`. A server without a key answers little but its health."""
    address = normalised(url) if url else _first(_known(context, environ, cwd), environ, cwd).url
    key = token or _token_of_environment(address, environ)
    if key is None:
        key = next((each.token for each in _known(context, environ, cwd) if each.url == address and each.token), None)
    return server_at(address, key)


def _known(context: str | None, environ: Mapping[str, str], cwd: Path) -> Iterator[Server]:
    """Yield the servers that are known, the one to prefer first. Files are read only when it comes to them."""
    if environ.get("TRAINSHED_URL"):
        yield Server(normalised(environ["TRAINSHED_URL"]), None)
    chosen = _chosen_context(context or environ.get("TRAINSHED_CONTEXT"), environ)
    if chosen is not None:
        yield chosen.server
    local = _local_server(environ, cwd)
    if local is not None:
        yield local


def _first(known: Iterator[Server], environ: Mapping[str, str], cwd: Path) -> Server:
    found = next(known, None)
    if found is None:
        raise NotConfigured(_not_found(environ, cwd))
    return found


def _token_of_environment(address: str, environ: Mapping[str, str]) -> str | None:
    own = environ.get("TRAINSHED_URL")
    return environ.get("TRAINSHED_TOKEN") or None if not own or normalised(own) == address else None


def _chosen_context(name: str | None, environ: Mapping[str, str]) -> Context | None:
    path = contexts_path(environ)
    if path is None:
        if name:
            raise NotConfigured(f"There is no context {name!r}: neither XDG_CONFIG_HOME nor HOME is set.")
        return None
    return find_context(path, name)


def _local_server(environ: Mapping[str, str], cwd: Path) -> Server | None:
    named = environ.get("TRAINSHED_DATA_DIR")
    folders = [Path(named)] if named else [parent / _FOLDER for parent in (cwd, *cwd.parents)]
    folder = next((folder for folder in folders if (folder / "server.json").is_file()), None)
    return None if folder is None else _read_folder(folder)


def _read_folder(folder: Path) -> Server:
    path = folder / "server.json"
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        key = folder / "admin.key"
        return Server(normalised(str(document["url"])), key.read_text("utf-8").strip() if key.is_file() else None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotConfigured(
            f"{path} cannot be read: {error}", remedy="Start the server again: `trainshed up`."
        ) from error


def _not_found(environ: Mapping[str, str], cwd: Path) -> str:
    named = environ.get("TRAINSHED_DATA_DIR")
    begin = "TRAINSHED_URL is not set, no context is chosen, and"
    if named:
        return f"{begin} {named} (TRAINSHED_DATA_DIR) has no server.json: no server runs there."
    return f"{begin} neither {cwd} nor a folder above it has {_FOLDER}/server.json."
