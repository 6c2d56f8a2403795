"""Folders of running attempts on this worker's disk.

    spool/<worker id>/lock                  held as long as the worker lives
    spool/<worker id>/data/<sha256>         uploaded datasets, shared by the jobs of the worker
    spool/<worker id>/data/decoded-<key>    the same, decoded
    spool/<worker id>/<job>.<attempt>/log   what the job printed; out of the job's reach
    spool/<worker id>/<job>.<attempt>/points  what it reported while the database was away, and no more
    spool/<worker id>/<job>.<attempt>/work  the job's own folder: inputs, output, tmp

A worker that died leaves its folder behind. The next worker on the same disk takes it over, hands in the log bytes that
the database does not have yet, and removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.leases import Lease


@dataclass(frozen=True, slots=True)
class AttemptFolder:
    """The folder of one attempt."""

    lease: Lease
    path: Path

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def points(self) -> Path:
        """Points that wait for the database."""
        return self.path / "points"

    @property
    def work(self) -> Path:
        return self.path / "work"

    @property
    def decoding(self) -> Path:
        """The folder of the child that decodes its data, which is another one than the job."""
        return self.path / "decoding"

    @property
    def inputs(self) -> Path:
        return self.work / "inputs"

    @property
    def output(self) -> Path:
        return self.work / "output"

    @property
    def checkpoints(self) -> Path:
        """States of training that the job writes."""
        return self.work / "checkpoints"

    def make(self) -> None:
        """Make the folders that a job finds. Only this worker's user may look into them."""
        self.path.mkdir(mode=0o700)
        for folder in (self.work, self.inputs, self.output, self.checkpoints, self.work / "tmp", self.work / "work"):
            folder.mkdir(mode=0o700)
        self.log.touch(mode=0o600)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


class Spool:
    """The folder of one worker, locked while it lives."""

    def __init__(self, root: Path, worker_id: str) -> None:
        self.root = root.resolve()
        self._mine = self.root / worker_id
        # It gets its name when it is locked: before that another worker on this disk would take it for abandoned.
        new = self.root / f".{worker_id}"
        new.mkdir(mode=0o700, parents=True)
        self._lock = _lock(new)
        new.rename(self._mine)

    @property
    def data(self) -> Path:
        """The folder of uploaded datasets."""
        return self._mine / "data"

    def folder(self, lease: Lease) -> AttemptFolder:
        return AttemptFolder(lease, self._mine / f"{lease.job_id}.{lease.attempt}")

    def abandoned(self) -> Iterator[tuple[Path, list[AttemptFolder]]]:
        """Yield the folders of dead workers with their attempts. Each is locked while the caller works on it."""
        for path in sorted(self.root.iterdir()):
            if path == self._mine or path.name.startswith(".") or not path.is_dir():
                continue
            lock = _lock(path)
            if lock is None:
                continue
            try:
                yield path, list(_attempts_in(path))
            finally:
                os.close(lock)

    def close(self) -> None:
        """Remove the folder, unless an attempt's log is still in it."""
        if not any(_attempts_in(self._mine)):
            shutil.rmtree(self._mine, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)


def _lock(folder: Path) -> int | None:
    """Return a descriptor that holds the lock of a worker's folder. None: its worker lives, or another took it over."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not os.fstat(descriptor).st_nlink:  # removed by who held the lock until now
        os.close(descriptor)
        return None
    return descriptor


def _attempts_in(folder: Path) -> Iterator[AttemptFolder]:
    for path in sorted(folder.iterdir()):
        job_id, _, number = path.name.partition(".")
        if path.is_dir() and number.isdecimal():
            yield AttemptFolder(Lease(job_id, int(number), folder.name), path)
