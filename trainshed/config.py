"""Which server to talk to, and with which key.

An argument wins over the environment (`TRAINSHED_URL`, `TRAINSHED_TOKEN`), and the environment over local mode: the
folder that TRAINSHED_DATA_DIR names, or the nearest `.trainshed/` from the working directory upwards. A running local
server keeps its address there in `server.json` and its key in `admin.key`. That key is sent to that server alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from trainshed.errors import NotConfigured

_FOLDER: Final = ".trainshed"
_API_SUFFIX: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Server:
    """Address and key of a server. `url` has no path of the API and no slash at its end."""

    url: str
    token: str | None = field(repr=False)

    @property
    def is_local(self) -> bool:
        return urlsplit(self.url).hostname in ("127.0.0.1", "::1", "localhost")


def find_server(url: str | None, token: str | None, *, environ: Mapping[str, str], cwd: Path) -> Server:
    """Return the server to talk to. Raises `NotConfigured`. A server without a key answers little but its health."""
    local = _local_server(environ, cwd)
    address = url or environ.get("TRAINSHED_URL") or (local.url if local else None)
    if address is None:
        raise NotConfigured(_not_found(environ, cwd))
    address = _normalised(address)
    key = token or environ.get("TRAINSHED_TOKEN")
    if key is None and local is not None and local.url == address:
        key = local.token
    return Server(address, _sendable(key))


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
        return Server(_normalised(str(document["url"])), key.read_text("utf-8").strip() if key.is_file() else None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotConfigured(
            f"{path} cannot be read: {error}", remedy="Start the server again: `trainshed up`."
        ) from error


def _normalised(url: str) -> str:
    if not _is_address(url):
        raise NotConfigured(
            f"{url!r} is not the address of a server.", remedy="Write it like http://127.0.0.1:8321 or https://host."
        )
    return url.rstrip("/").removesuffix(_API_SUFFIX).rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no number in the place of the port
        return False


def _sendable(token: str | None) -> str | None:
    """Refuse here what cannot stand in a header, without showing it."""
    if token is None or (token.isascii() and token.isprintable() and " " not in token):
        return token
    raise NotConfigured("The key has characters that no key has.", remedy="Copy the key again; it is one word.")


def _not_found(environ: Mapping[str, str], cwd: Path) -> str:
    named = environ.get("TRAINSHED_DATA_DIR")
    if named:
        return f"TRAINSHED_URL is not set, and {named} (TRAINSHED_DATA_DIR) has no server.json: no server runs there."
    return f"TRAINSHED_URL is not set, and neither {cwd} nor a folder above it has {_FOLDER}/server.json."
