"""How a browser holds a key: in a cookie that no script can read and no request of another site carries.

What changes something must also come from a page of this server (Fetch Metadata, or else the Origin header), so that
neither another site nor another port of this machine can have a signed-in browser do anything. A request that carries
its key in the Authorization header was made by a program, and needs no such proof.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response

from trainshed.errors import Forbidden, Unauthenticated

_SCHEME: Final = "bearer"
_SAFE: Final = frozenset({"GET", "HEAD"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def key_of(request: Request) -> str:
    """Return the key that a request carries. Raises `Unauthenticated`; `Forbidden` when another site sent it."""
    header = request.headers.get("authorization")
    if header is None and (key := request.cookies.get(cookie_name(request))):
        if request.method not in _SAFE:
            require_own_page(request)
        return key
    scheme, _, key = (header or "").partition(" ")
    if scheme.lower() != _SCHEME or not key.strip():
        raise Unauthenticated("The request carries no API key.")
    return key.strip()


def require_own_page(request: Request) -> None:
    """Raise `Forbidden` unless a page of this server sent the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise _foreign()
    if site is None and urlsplit(request.headers.get("origin", "")).netloc != request.headers.get("host"):
        raise _foreign()


def keep_key(request: Request, response: Response, key: str) -> None:
    """Sign the browser in. The cookie ends with the browser's session, and at once when the key is revoked."""
    response.set_cookie(
        cookie_name(request), key, httponly=True, samesite="strict", secure=not _is_local(request), path="/"
    )


def drop_key(request: Request, response: Response) -> None:
    """Sign the browser out."""
    response.delete_cookie(cookie_name(request), path="/", httponly=True, samesite="strict")


def cookie_name(request: Request) -> str:
    """Cookies know no ports: two servers on one machine keep theirs apart by name."""
    port = urlsplit(f"//{request.headers.get('host', '')}").netloc.rpartition(":")[2]
    return f"trainshed_session_{port}" if port.isascii() and port.isdigit() else "trainshed_session"


def _is_local(request: Request) -> bool:
    """Browsers keep a Secure cookie of a plain http page nowhere but (some of them) on this machine."""
    return urlsplit(f"//{request.headers.get('host', '')}").hostname in _LOOPBACK


def _foreign() -> Forbidden:
    return Forbidden(
        "The request was not sent by a page of this server.",
        remedy="Use the pages of this server, or send the key in the Authorization header.",
    )
