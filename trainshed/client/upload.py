"""Uploads a version of a dataset: a small file in one request, a larger one in parts that may be taken up again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from trainshed.client.addresses import new_dataset_path, upload_path
from trainshed.client.documents import json_of
from trainshed.client.files import FileBody, LocalFile
from trainshed.client.transport import Call, Transport, read
from trainshed.client.unfinished import Unfinished
from trainshed.errors import DigestMismatch, NotFound
from trainshed.wire import DatasetDetails, DatasetVersion
from trainshed.wire import Upload as Begun

_MOST_AT_ONCE: Final = 8 << 20
_TAKING_IN_S: Final = 60.0
_PUTTING_TOGETHER_S: Final = 900.0
"""How long the server may be silent over a large file."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes that the server has, and the bytes of the whole."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way to become the newest version of the dataset `name`."""

    transport: Transport
    unfinished: Unfinished
    name: str
    file: LocalFile
    profile: bool
    progress: Progress

    def run(self) -> DatasetVersion:
        """Send it, and return the version that it became. Raises `DigestMismatch`."""
        if self.file.size <= _MOST_AT_ONCE:
            return self._at_once()
        return self._present() or self._in_parts()

    def _at_once(self) -> DatasetVersion:
        self.progress(0, self.file.size)
        params = {"filename": self.file.name, **self._wishes()}
        headers = {"Content-Type": "application/octet-stream", "Content-Digest": self.file.content_digest}
        call = Call("PUT", self._path, params, headers, self.file.whole(), patience_s=_TAKING_IN_S)
        # Bytes that are the newest version already make no new one, so it may be repeated.
        version = read(self.transport.send_repeatedly(call), DatasetVersion)
        self.progress(self.file.size, self.file.size)
        return version

    def _present(self) -> DatasetVersion | None:
        """Return the newest version when it is this file: then nothing needs to be sent."""
        try:
            newest = self.transport.get(self._path, DatasetDetails).latest
        except NotFound:
            return None
        if newest is None or newest.sha256 != self.file.sha256 or (self.profile and newest.profile_job is None):
            return None
        self.progress(self.file.size, self.file.size)
        return newest

    def _in_parts(self) -> DatasetVersion:
        begun = self._taken_up() or self._begin()
        self._send_missing(begun)
        call = Call("POST", f"{upload_path(begun.id)}/complete", self._wishes(), patience_s=_PUTTING_TOGETHER_S)
        try:
            # By contract a repeat gets the version that the first one made.
            version = read(self.transport.send_repeatedly(call), DatasetVersion)
        except (DigestMismatch, NotFound):  # its parts will never make this file: the next upload begins anew
            self.unfinished.forget(*self._subject())
            raise
        self.unfinished.forget(*self._subject())
        return version

    def _taken_up(self) -> Begun | None:
        """Return what an interrupted upload of this file has left, when the server still has it."""
        upload_id = self.unfinished.find(*self._subject())
        if upload_id is None:
            return None
        try:
            return self.transport.get(upload_path(upload_id), Begun)
        except NotFound:
            return None

    def _begin(self) -> Begun:
        document = {"filename": self.file.name, "size": self.file.size, "sha256": self.file.sha256}
        headers = {"Content-Type": "application/json"}
        call = Call("POST", f"{self._path}/uploads", headers=headers, content=json_of(document))
        # After a lost answer there are two, and the one that nobody fills ends by itself.
        begun = read(self.transport.send_repeatedly(call), Begun)
        self.unfinished.keep(begun.id, *self._subject())
        return begun

    def _send_missing(self, begun: Begun) -> None:
        there = set(begun.parts)
        done = sum(self._part(begun, number).size for number in there)
        self.progress(done, self.file.size)
        for number in range(1, begun.part_count + 1):
            if number not in there:
                part = self._part(begun, number)
                headers = {"Content-Type": "application/octet-stream", "Content-Digest": part.content_digest}
                path = f"{upload_path(begun.id)}/parts/{number}"
                # By contract it may be repeated: the same bytes take the place of the same bytes.
                self.transport.send_repeatedly(Call("PUT", path, None, headers, part, patience_s=_TAKING_IN_S))
                done += part.size
                self.progress(done, self.file.size)

    def _part(self, begun: Begun, number: int) -> FileBody:
        offset = (number - 1) * begun.part_size
        return FileBody(self.file.path, offset, min(begun.part_size, self.file.size - offset))

    def _wishes(self) -> dict[str, str]:
        return {} if self.profile else {"profile": "false"}

    @property
    def _path(self) -> str:
        return new_dataset_path(self.name)

    def _subject(self) -> tuple[str, ...]:
        return (self.transport.url, self.name, self.file.name, self.file.sha256)
