"""A world in which one worker dies, one is drained, and nothing else goes wrong, but for one thing at one place.

Each commit, each time that bytes are stored or fetched, and each start of a process tree is a point. Runs of one seed
are the same up to the point that is to fail: so all of them can be gone through, one run each, and what is done with
the ruins is the real code's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final
from unittest.mock import patch

from sqlalchemy.exc import OperationalError

import worker.runtime
from db.engine import Database, DatabaseUnavailable
from storage import BlobRef, FolderStore, Store, StoreFull, StoreUnavailable, open_store
from tests.crashpoints.sites import Effect, Site, here
from tests.sim.child import SimJob
from tests.sim.commit import Violation
from tests.sim.scheduler import Killed
from tests.sim.snapshot import Witness
from tests.sim.virtual import Clock
from tests.sim.world import World
from trainshed.states import Actor
from worker.launch.launcher import LaunchRequest, SetupFailed


class Mode(StrEnum):
    """What goes wrong at a point."""

    KILLED_BEFORE = "exit 137 before it"
    KILLED_AFTER = "exit 137 after it"
    EXCEPTION = "an exception instead of it"
    """The database or the store is not there, the zygote starts nothing, the hint goes nowhere."""
    NO_SPACE = "no space for it"
    """The disk of the database or of the store is full, or that of the worker."""
    ANSWER_LOST = "done, and the answer lost"
    """Whoever did it hears that it failed."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a run: its number among all points, and the code it is reached from."""

    number: int
    site: Site


_ERRORS: Final[Mapping[Effect, Mapping[Mode, Exception]]] = {
    Effect.COMMIT: {
        Mode.EXCEPTION: OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error")),
        Mode.NO_SPACE: OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full")),
        Mode.ANSWER_LOST: DatabaseUnavailable("the connection was cut after its commit"),
    },
    Effect.PUT: {
        Mode.EXCEPTION: StoreUnavailable("the store did not answer"),
        Mode.NO_SPACE: StoreFull("no space is left on the device"),
        Mode.ANSWER_LOST: StoreUnavailable("the store did not answer when it had all"),
    },
    Effect.FETCH: {
        Mode.EXCEPTION: StoreUnavailable("the store did not answer"),
        Mode.NO_SPACE: StoreFull("no space is left on the device"),
        Mode.ANSWER_LOST: StoreUnavailable("the connection was cut at the last byte"),
    },
    Effect.LAUNCH: {
        Mode.EXCEPTION: SetupFailed("the zygote is starting again"),
        Mode.NO_SPACE: SetupFailed("no space is left for the sandbox"),
        Mode.ANSWER_LOST: SetupFailed("the zygote died when the child had begun"),
    },
}
_KILLS: Final = {Mode.KILLED_BEFORE, Mode.KILLED_AFTER}
_BEFORE: Final = {Mode.KILLED_BEFORE, Mode.EXCEPTION, Mode.NO_SPACE}


class CrashWorld(World):
    """One run with at most one fault, at the point of number `at`."""

    def __init__(
        self, seed: int, database: Database, witness: Witness, clock: Clock, folder: Path, *, at: int, mode: Mode
    ) -> None:
        super().__init__(seed, database, witness, clock, folder)
        self.faults_end_at = self.scheduler.now
        self.points: list[Point] = []
        self._at = at
        self._mode = mode
        self._is_struck = False
        self._store = FolderStore(folder / "store")
        # What brings the reaper, the takeover and the goodbye of a worker onto the stage.
        now = self.scheduler.now
        self._directions = [(now + 7.0, self._kill_worker), (now + 11.0, self._drain)]

    @property
    def is_struck(self) -> bool:
        """Whether the fault came."""
        return self._is_struck

    def run(self) -> None:
        """As any world; in the end each artifact must be what its row says. Raises `Violation`."""
        with patch.object(worker.runtime, "open_store", self._open_store):
            super().run()
        for artifact in self._judge.seen.artifacts.values():
            stored = sha256(b"".join(self._store.open(artifact.sha256))).hexdigest()
            if stored != artifact.sha256:
                raise Violation(f"{artifact} is listed, and its bytes are others")

    def _is_over(self) -> bool:
        while self._directions and self._directions[0][0] <= self.scheduler.now:
            self._directions.pop(0)[1]()
        return super()._is_over() and not self._directions

    def maybe_cut(self, when: str) -> None:
        """The last moment before a commit."""
        self._go_in(Effect.COMMIT)

    def after_commit(self) -> None:
        """The first moment after it."""
        self._come_out(Effect.COMMIT)

    @contextmanager
    def around(self, effect: Effect) -> Iterator[None]:
        """Do something outside the database."""
        self._go_in(effect)
        yield
        self._come_out(effect)

    def _launch(self, request: LaunchRequest) -> SimJob:
        self._go_in(Effect.LAUNCH)
        job = super()._launch(request)
        try:
            self._come_out(Effect.LAUNCH)
        except BaseException:
            job.close()
            raise
        return job

    def _go_in(self, effect: Effect) -> None:
        self.points.append(Point(len(self.points), here(effect)))
        if self._mode in _BEFORE:
            self._strike_at_last(effect)

    def _come_out(self, effect: Effect) -> None:
        # Nobody else has a turn between a point and its end: the latest point is this one.
        if self._mode not in _BEFORE:
            self._strike_at_last(effect)

    def _strike_at_last(self, effect: Effect) -> None:
        if self._is_struck or len(self.points) - 1 != self._at:
            return
        self._is_struck = True
        process = self._thread().process
        if self._mode not in _KILLS:
            raise _ERRORS[effect][self._mode]
        if process.actor is Actor.USER:
            # Of an API that was killed a client sees what it sees of a connection that was cut.
            raise DatabaseUnavailable("the API is gone")
        self._crash(process)
        raise Killed

    def _open_store(self, url: str) -> Store:
        return _WatchedStore(open_store(url), self.around)  # type: ignore[return-value]


class _WatchedStore:
    """The real store; what is done with it is a point."""

    def __init__(self, store: Store, around: Callable[[Effect], AbstractContextManager[None]]) -> None:
        self._store = store
        self._around = around

    def put_file(self, source: Path | BinaryIO) -> BlobRef:
        with self._around(Effect.PUT):
            return self._store.put_file(source)

    def fetch_to(self, digest: str, path: Path) -> None:
        with self._around(Effect.FETCH):
            self._store.fetch_to(digest, path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
