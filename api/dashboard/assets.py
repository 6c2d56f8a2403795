"""/assets: style sheets and modules of ours, and the dist files of htmx and uPlot, as npm left them.

All of it is read when the process starts and kept compressed. The address carries a digest of the whole, so a browser
asks for a file once and sees a new version at once; modules import each other by relative addresses of the same one.
The schema of specs is among them: forms are made of it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header
from starlette.responses import Response

from trainshed.errors import RouteNotFound
from trainshed.specs import json_schema

router = APIRouter(include_in_schema=False)

_HERE: Final = Path(__file__).parent
_LIBRARIES: Final = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "uplot.js": "uplot/dist/uPlot.iife.min.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
}
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Asset:
    media_type: str
    content: bytes
    compressed: bytes


def _made(suffix: str, content: bytes) -> _Asset:
    return _Asset(_TYPES[suffix], content, gzip.compress(content, 9, mtime=0))


def _read_all() -> dict[str, _Asset]:
    static = _HERE / "static"
    ours = {str(path.relative_to(static)): path for path in sorted(static.rglob("*")) if path.suffix in _TYPES}
    theirs = {f"lib/{name}": _HERE / "node_modules" / place for name, place in _LIBRARIES.items()}
    files = {name: _made(path.suffix, path.read_bytes()) for name, path in (ours | theirs).items() if path.is_file()}
    return files | {"job.schema.json": _made(".json", json.dumps(json_schema(), separators=(",", ":")).encode())}


_ASSETS: Final = _read_all()
VERSION: Final = hashlib.sha256(b"".join(asset.content for asset in _ASSETS.values())).hexdigest()[:12]


def missing_libraries() -> list[str]:
    """Return what npm has not fetched yet."""
    return [name for name in _LIBRARIES if f"lib/{name}" not in _ASSETS]


@router.get("/assets/{version}/{name:path}")
async def asset(version: str, name: str, accept_encoding: Annotated[str, Header()] = "") -> Response:
    """Return a file. Whoever asks for another version than this one gets this one, not to be kept."""
    found = _ASSETS.get(name)
    if found is None:
        raise RouteNotFound("There is no such file.")
    headers = {"Cache-Control": _FOR_EVER if version == VERSION else "no-store", "Vary": "Accept-Encoding"}
    if "gzip" not in accept_encoding:
        return Response(found.content, headers=headers, media_type=found.media_type)
    return Response(found.compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=found.media_type)


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Return the icon, for browsers that ask before they have read the page."""
    icon = _ASSETS["icon.svg"]
    return Response(icon.content, headers={"Cache-Control": "public, max-age=86400"}, media_type=icon.media_type)
