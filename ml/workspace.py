"""The folder of one job: `inputs/` is staged by the caller, `output/` becomes artifacts, `checkpoints/` is for a
later attempt, `tmp/` is scratch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """Paths below `root`, and the one way to write an output."""

    root: Path

    @property
    def inputs(self) -> Path:
        return self.root / "inputs"

    @property
    def output(self) -> Path:
        return self.root / "output"

    @property
    def checkpoints(self) -> Path:
        """States of training from which another attempt goes on."""
        return self.root / "checkpoints"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @contextmanager
    def opened(self) -> Iterator[Workspace]:
        """Make the folders, and let `tempfile` write to `tmp` (Keras saves through it) until the end."""
        for folder in (self.output, self.tmp):
            folder.mkdir(parents=True, exist_ok=True)
        before = tempfile.tempdir
        tempfile.tempdir = str(self.tmp)
        try:
            yield self
        finally:
            tempfile.tempdir = before

    @contextmanager
    def publishing(self, name: str) -> Iterator[Path]:
        """Yield a path to write to; afterwards the file is there as `output/<name>`, whole or not at all."""
        target = self.output / name
        draft = self.tmp / f"draft-{target.name}"
        try:
            yield draft
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def publish_text(self, name: str, text: str) -> None:
        """Write `output/<name>` as UTF-8."""
        with self.publishing(name) as draft:
            draft.write_text(text, encoding="utf-8")
