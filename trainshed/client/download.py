"""Downloads a file: it appears whole and verified, or not at all."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

import httpx2

from trainshed.client.problems import unexpected
from trainshed.client.transport import Call, Passing, Transport
from trainshed.errors import UnexpectedAnswer

_ETAG: Final = re.compile(r'(?:W/)?"([0-9a-f]{64})"')
_PARTIAL: Final = 206


def local_path(folder: Path, artifact: str) -> Path:
    """Return where `artifact` belongs below `folder`. A job chose its name, so it may not lead out of there."""
    parts = PurePosixPath(artifact).parts
    if not parts or artifact.startswith("/") or ".." in parts or "\\" in artifact or "\0" in artifact:
        raise UnexpectedAnswer(
            f"The artifact {artifact!r} has a name that leads out of its folder.", remedy="Name a file to write it to."
        )
    return folder.joinpath(*parts)


def is_there(file: Path, sha256: str) -> bool:
    """Whether `file` has that content already."""
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == sha256


def download(transport: Transport, path: str, target: Path, *, sha256: str | None = None) -> None:
    """Write what is at `path` to the file `target`. A broken connection is taken up where it broke off.

    Raises `UnexpectedAnswer` when the bytes do not have the SHA-256 that the server promised, there or as `sha256`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            _Download(transport, path, file, sha256).run()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


class _Download:
    """The bytes that have come so far, and their digest. `expected` is the SHA-256 that the caller knows of."""

    def __init__(self, transport: Transport, path: str, file: BinaryIO, expected: str | None) -> None:
        self._transport = transport
        self._path = path
        self._file = file
        self._expected = expected
        self._promised = ""
        self._size = 0
        self._digest = hashlib.sha256()

    def run(self) -> None:
        """Fetch and verify. Patience begins anew with each byte that comes."""
        tries = self._transport.patience.start()
        while True:
            before = self._size
            try:
                with self._transport.stream(Call("GET", self._path, headers=self._headers())) as response:
                    self._receive(response)
            except Passing as passing:
                if self._digest.hexdigest() == self._promised:  # it broke behind the last byte
                    break
                if self._size > before:
                    tries = self._transport.patience.start()
                if not tries.wait(at_least_s=passing.retry_after_s):
                    raise passing.error from passing.__cause__
            else:
                break
        self._verify()

    def _headers(self) -> dict[str, str]:
        """Ask for the rest, if it is still the same file. Bytes compressed on the way would have other offsets."""
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self._size:
            headers |= {"Range": f"bytes={self._size}-", "If-Range": f'"{self._promised}"'}
        return headers

    def _receive(self, response: httpx2.Response) -> None:
        etag = _ETAG.fullmatch(response.headers.get("etag", ""))
        if etag is None:
            response.read()
            raise unexpected(response, "no SHA-256 as its ETag")
        if response.status_code == _PARTIAL:
            self._check_rest(response, etag[1])
        else:
            self._begin(etag[1])
        for chunk in response.iter_bytes():
            self._digest.update(chunk)
            self._file.write(chunk)
            self._size += len(chunk)

    def _begin(self, promised: str) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._promised, self._size, self._digest = promised, 0, hashlib.sha256()

    def _check_rest(self, response: httpx2.Response, promised: str) -> None:
        fits = response.headers.get("content-range", "").startswith(f"bytes {self._size}-")
        if not fits or promised != self._promised:
            response.read()
            raise unexpected(response, f"not the rest of the file from byte {self._size} on")

    def _verify(self) -> None:
        found, wanted = self._digest.hexdigest(), self._expected or self._promised
        if found != wanted:
            raise UnexpectedAnswer(
                f"The bytes of {self._path} have the SHA-256 {found}, not {wanted}.",
                remedy="Download it again. If it happens again, the file is damaged on its way or in the store.",
            )
