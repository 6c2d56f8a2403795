"""The address of a server, and the key that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from trainshed.errors import NotConfigured

_API_SUFFIX: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Server:
    """Address and key of a server. `url` has no path of the API and no slash at its end."""

    url: str
    token: str | None = field(repr=False)

    @property
    def is_local(self) -> bool:
        return urlsplit(self.url).hostname in ("127.0.0.1", "::1", "localhost")


def server_at(url: str, token: str | None) -> Server:
    """Return the server at that address. Raises `NotConfigured` for what is no address or no key."""
    return Server(normalised(url), _sendable(token))


def normalised(url: str) -> str:
    """Return the address in the form that `Server` has. Raises `NotConfigured`."""
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
