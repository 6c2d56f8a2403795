"""Servers under names, each with its key, in one file of the user: `~/.config/trainshed/contexts.json`.

    {"current": "prod", "contexts": {"prod": {"url": "https://trainshed.example", "token": "trs_..."}}}

Nobody but its owner may read the file. It is replaced as a whole, so a reader never sees half of it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from trainshed.address import Server, server_at
from trainshed.errors import NotConfigured

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Context:
    """A server under a name. The current one is taken where none is named."""

    name: str
    url: str
    token: str | None = field(repr=False)
    is_current: bool = False

    @property
    def server(self) -> Server:
        return Server(self.url, self.token)


def contexts_path(environ: Mapping[str, str]) -> Path | None:
    """Return where the file belongs, after the XDG base directories; None where the user has no home."""
    # The specification says that a relative path there is to be ignored.
    if environ.get("XDG_CONFIG_HOME", "").startswith("/"):
        return Path(environ["XDG_CONFIG_HOME"], "trainshed", "contexts.json")
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home, ".config", "trainshed", "contexts.json") if home else None


def list_contexts(path: Path) -> tuple[Context, ...]:
    """Return all contexts of the file, by name; none where there is no file. Raises `NotConfigured`."""
    document = _load(path)
    return tuple(_context(path, document, name) for name in sorted(document["contexts"]))


def find_context(path: Path, name: str | None) -> Context | None:
    """Return the context of that name, or the current one, or None when there is none. Raises `NotConfigured`."""
    document = _load(path)
    wanted = name or document["current"]
    return None if wanted is None else _context(path, document, wanted)


def save_context(path: Path, name: str, *, url: str, token: str | None, use: bool = False) -> Context:
    """Keep a server under a name, in the place of one that had it. The first one, or with `use`, becomes current.

    Raises `NotConfigured` for what is no name, no address or no key.
    """
    if not _NAME.fullmatch(name):
        raise NotConfigured(
            f"{name!r} cannot name a context.", remedy="Use letters, digits, dots, dashes and underscores; at most 63."
        )
    server = server_at(url, token)
    document = _load(path)
    document["contexts"][name] = {"url": server.url, "token": server.token}
    if use or document["current"] is None:
        document["current"] = name
    _store(path, document)
    return _context(path, document, name)


def use_context(path: Path, name: str) -> Context:
    """Make a context the current one. Raises `NotConfigured` when there is none of that name."""
    document = _load(path)
    _entry(path, document, name)
    document["current"] = name
    _store(path, document)
    return _context(path, document, name)


def remove_context(path: Path, name: str) -> None:
    """Forget a context and its key. Without the current one, none is. Raises `NotConfigured`."""
    document = _load(path)
    _entry(path, document, name)
    del document["contexts"][name]
    if document["current"] == name:
        document["current"] = None
    _store(path, document)


def _context(path: Path, document: dict[str, Any], name: str) -> Context:
    entry = _entry(path, document, name)
    try:
        server = server_at(entry["url"], entry.get("token"))
    except NotConfigured as error:
        raise NotConfigured(
            f"The context {name!r} in {path} is wrong: {error.detail}", remedy="Save it again."
        ) from error
    return Context(name, server.url, server.token, is_current=name == document["current"])


def _entry(path: Path, document: dict[str, Any], name: str) -> dict[str, Any]:
    contexts: dict[str, dict[str, Any]] = document["contexts"]
    if name not in contexts:
        there = ", ".join(sorted(contexts)) or "none"
        raise NotConfigured(f"There is no context {name!r} in {path}; there is: {there}.", remedy="Save it first.")
    return contexts[name]


def _load(path: Path) -> dict[str, Any]:
    """Read the file. Keys of a newer version are kept for it."""
    try:
        document: Any = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {"current": None, "contexts": {}}
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(path, str(error)) from error
    if not _has_form(document):
        raise _broken(path, 'it is not of the form {"current": ..., "contexts": {NAME: {"url": ..., "token": ...}}}')
    return {"current": None, "contexts": {}, **document}


def _has_form(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("current"), str | None):
        return False
    contexts = document.get("contexts", {})
    return isinstance(contexts, dict) and all(
        isinstance(entry, dict) and isinstance(entry.get("url"), str) and isinstance(entry.get("token"), str | None)
        for entry in contexts.values()
    )


def _broken(path: Path, why: str) -> NotConfigured:
    return NotConfigured(f"{path} cannot be read: {why}", remedy="Correct it, or remove it and save the contexts anew.")


def _store(path: Path, document: dict[str, Any]) -> None:
    """Replace the file as a whole. A link to it stays a link."""
    target = path.resolve()
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise NotConfigured(f"{path} cannot be written: {error}", remedy="Make its folder writable.") from error
    finally:
        part.unlink(missing_ok=True)
