"""Downloads an artifact: its file appears whole and verified, or not at all."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final
from urllib.parse import quote

import httpx2

from trainshed.client.problems import unexpected
from trainshed.client.transport import Call, Passing, Transport
from trainshed.errors import UnexpectedAnswer

_ETAG: Final = re.compile(r'(?:W/)?"([0-9a-f]{64})"')


def local_path(folder: Path, artifact: str) -> Path:
    """Return where `artifact` belongs below `folder`. A job chose its name, so it may not lead out of there."""
    parts = PurePosixPath(artifact).parts
    if not parts or artifact.startswith("/") or ".." in parts or "\\" in artifact or "\0" in artifact:
        raise UnexpectedAnswer(
            f"The artifact {artifact!r} has a name that leads out of its folder.", remedy="Name a file to write it to."
        )
    return folder.joinpath(*parts)


def download(transport: Transport, job_path: str, artifact: str, target: Path) -> None:
    """Write the artifact to `target`. A broken connection starts it again.

    Raises `UnexpectedAnswer` when the bytes do not have the SHA-256 that the server promised.
    """
    call = Call("GET", f"{job_path}/artifacts/{quote(artifact)}", headers={"Accept": "*/*"})
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            _fetch_repeatedly(transport, call, file)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _fetch_repeatedly(transport: Transport, call: Call, part: BinaryIO) -> None:
    tries = transport.patience.start()
    while True:
        part.seek(0)
        part.truncate()
        try:
            with transport.stream(call) as response:
                _receive(response, part)
        except Passing as passing:
            if not tries.wait(at_least_s=passing.retry_after_s):
                raise passing.error from passing.__cause__
        else:
            return


def _receive(response: httpx2.Response, part: BinaryIO) -> None:
    etag = _ETAG.fullmatch(response.headers.get("etag", ""))
    if etag is None:
        response.read()
        raise unexpected(response, "no SHA-256 as its ETag")
    digest = hashlib.sha256()
    for chunk in response.iter_bytes():
        digest.update(chunk)
        part.write(chunk)
    if digest.hexdigest() != etag[1]:
        raise UnexpectedAnswer(
            f"The bytes of {response.request.url} have the SHA-256 {digest.hexdigest()}, not {etag[1]}.",
            remedy="Download it again. If it happens again, the artifact is damaged on its way or in the store.",
        )
