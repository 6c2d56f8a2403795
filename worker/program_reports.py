"""What a program reports: lines of a file in its own folder (`trainshed.report` writes them).

The folder belongs to the job, and a job may be hostile: links are not followed, no line is trusted, and a program can
report numbers and progress and nothing else. What is no such line is counted and passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from worker.collect import opened_plain
from worker.launch.request import REPORT_FILE
from worker.protocol import Metrics, Progress

MOST_BYTES: Final = 64 << 20
"""Of one attempt. What comes after that is left out."""
_AT_ONCE: Final = 1 << 20
_LONGEST_LINE: Final = 1 << 16
MOST_SERIES: Final = 1_000

Said = Metrics | Progress
_SAID: Final[TypeAdapter[Said]] = TypeAdapter(Annotated[Said, Field(discriminator="frame")])


class ProgramReports:
    """Reads on where it stopped. Belongs to one thread. `folder` is the attempt's, which the job may write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offset = 0
        self._begun = b""
        self._series: set[str] = set()
        self.left_out = 0
        """Lines that were none, or that name more series than are taken."""

    def read(self) -> Iterator[Said]:
        """Yield what was reported since, up to a mebibyte of it."""
        yield from self._frames(self._more())

    def read_rest(self) -> Iterator[Said]:
        """Yield all that is left, when the program has ended."""
        while data := self._more():
            yield from self._frames(data)

    def _more(self) -> bytes:
        try:
            with opened_plain(self._folder, REPORT_FILE) as file:
                data = os.pread(file.fileno(), min(_AT_ONCE, MOST_BYTES - self._offset), self._offset)
        except OSError:  # it has reported nothing, or put something else there
            return b""
        self._offset += len(data)
        return data

    def _frames(self, data: bytes) -> Iterator[Said]:
        *lines, self._begun = (self._begun + data).split(b"\n")
        if len(self._begun) > _LONGEST_LINE:
            self._begun = b""
            self.left_out += 1
        for line in lines:
            said = _read(line)
            if said is None or (isinstance(said, Metrics) and not self._has_room(said)):
                self.left_out += 1
            else:
                yield said

    def _has_room(self, said: Metrics) -> bool:
        named = self._series | {series for series, _, _ in said.points}
        if len(named) > MOST_SERIES:
            return False
        self._series = named
        return True


def _read(line: bytes) -> Said | None:
    try:
        return _SAID.validate_json(line)
    except ValidationError:
        return None
