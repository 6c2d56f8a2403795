"""One attempt at a job, from its claim to its end.

    prepare (fetch, decode) -> launch -> watch -> collect -> conclude

Each step may end the attempt; whatever happens becomes one `Ending`, and the ending becomes one move of the job.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, assert_never

import structlog

from db import blobs, checkpoints, datasets, reports
from db.blobs import BlobsLost
from db.engine import Database, DatabaseUnavailable
from db.leases import Held, fence
from db.outcomes import conclude, times_ended
from db.reports import MadeFile
from db.transitions import By, Claim, Ending, Moved
from storage import Store, StoreError
from trainshed.errors import Unavailable
from trainshed.specs import (
    CommandSpec,
    Data,
    Guards,
    JobSpec,
    PreprocessSpec,
    ProfileSpec,
    TrainSpec,
    dump_spec,
    parse_spec,
)
from trainshed.states import Actor, AttemptOutcome, JobRequest
from worker.cache import DataCache, GaveUp
from worker.checkpoints import CheckpointCarrier, fetched_states
from worker.collect import Collected, collect
from worker.decoded import BadDecoding, take_over
from worker.inputs import Sources, fetched_inputs
from worker.launch.launcher import Launcher, LaunchRequest, RunningJob, SetupFailed
from worker.logs import LogCarrier
from worker.plan import WorkerPlan
from worker.points import PointQueue
from worker.prepared import PreparedVersion
from worker.profile import kept_profile
from worker.program_reports import ProgramReports
from worker.protocol import DataFile, ProtocolError
from worker.reporter import Reporter, Superseded
from worker.settings import WorkerSettings
from worker.slots import Share
from worker.spool import Spool
from worker.supervision import Orders, Supervision
from worker.tally import Tally
from worker.usage import UsageWatch
from worker.verdict import Seen, Stop, verdict

log = structlog.get_logger(__name__)

_T = TypeVar("_T")
_LONGEST_OUTAGE_S: Final = 900.0
_RETRY_S: Final = 1.0
_LONGEST_REMOVAL_S: Final = 900.0
"""How long to wait until bytes that are being removed from the store are gone: longer than a removal may lie idle."""


@dataclass(frozen=True, slots=True)
class AttemptKit:
    """What every attempt of a worker uses."""

    database: Database
    store: Store
    cache: DataCache
    launcher: Launcher
    spool: Spool
    settings: WorkerSettings
    plan: WorkerPlan
    tally: Tally
    worker_name: str
    leaving: threading.Event
    """Set when the worker has no time left to wait for anything."""


class NotDecoded(Exception):
    """The data of the job could not be decoded: the attempt ends with that."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.message)
        self.ending = ending


@dataclass(frozen=True, slots=True)
class Noticed:
    """How a slot came to look for work, and when, in seconds since 1970."""

    source: Literal["hint", "poll", "next"]
    at: float


class Attempt:
    """One attempt. `run` belongs to one thread; `on_beat`, `on_request` and `preempt` may be called from any."""

    def __init__(self, claim: Claim, share: Share, noticed: Noticed, kit: AttemptKit) -> None:
        self.lease = claim.lease
        self.done = threading.Event()
        self._claim = claim
        self._share = share
        self._noticed = noticed
        self._claimed_at = time.monotonic()
        self._kit = kit
        self._spec: JobSpec = parse_spec(claim.spec)
        self._orders = Orders()
        self._folder = kit.spool.folder(claim.lease)
        self._profile: dict[str, Any] | None = None
        self._prepared = (
            PreparedVersion(self._spec, claim.lease, claim.project_id, kit.database)
            if isinstance(self._spec, PreprocessSpec)
            else None
        )
        self._log = log.bind(job_id=claim.lease.job_id, attempt=claim.lease.attempt)

    def on_beat(self, held: Held | None) -> None:
        """Take note of a heartbeat's answer; None: the lease is lost."""
        if held is None:
            self._orders.give(Stop.SUPERSEDED)
        elif held.request is not None:
            self.on_request(held.request)

    def on_request(self, request: JobRequest) -> None:
        """Take note of what the job was asked to do."""
        match request:
            case JobRequest.CANCEL:
                self._orders.give(Stop.CANCEL)
            case JobRequest.PAUSE:
                self._orders.give(Stop.PAUSE)
            case JobRequest.PREEMPT:
                self._orders.give(Stop.DRAIN)
            case _:
                assert_never(request)

    def preempt(self) -> None:
        """Have the job return to the queue."""
        self._orders.give(Stop.DRAIN)

    def run(self) -> Moved | None:
        """Run the attempt to its end. None: another attempt took over, and nothing of this one was written."""
        self._log.info("attempt.started", kind=self._claim.kind)
        try:
            ending, moved = self._run()
        except OSError as error:
            ending = Ending(AttemptOutcome.STORAGE_FAILED, f"The disk of the worker cannot be used: {error}")
            moved = self._end_without_folder(ending)
        finally:
            self.done.set()
        state = moved.state.value if moved else "superseded"
        self._log.info("attempt.ended", outcome=ending.outcome.value, state=state)
        return moved

    def _run(self) -> tuple[Ending, Moved | None]:
        self._folder.make()
        carrier = LogCarrier(self.lease, self._folder.log)
        points = PointQueue(self._folder.points)
        reporter = Reporter(self._kit.database, self.lease, carrier, points, keep_states=self._keep_states)
        try:
            ending, files = self._collect(self._execute(reporter))
            moved = self._conclude(reporter, carrier, ending, files)
        finally:
            carrier.close()
            points.close()
        self._folder.remove()
        return ending, moved

    def _end_without_folder(self, ending: Ending) -> Moved | None:
        self._folder.remove()
        return self._insist(lambda: self._end(None, ending, ()))

    # --- prepare, launch, watch ---

    def _execute(self, reporter: Reporter) -> Ending:
        with ExitStack() as used:
            try:
                if self._prepared is not None and (found := self._prepared.find()) is not None:
                    return found
                data_files = used.enter_context(self._inputs(reporter))
                running = self._launch(reporter, data_files, self._states())
            except NotDecoded as error:
                return error.ending
            except GaveUp:
                return verdict(Seen(stop=self._orders.stop))
            except (StoreError, DatabaseUnavailable) as error:
                return Ending(AttemptOutcome.STORAGE_FAILED, f"The inputs could not be fetched: {error}")
            except SetupFailed as error:
                return Ending(AttemptOutcome.SETUP_FAILED, str(error))
            except ProtocolError as error:
                return Ending(AttemptOutcome.USER_ERROR, f"The spec is too large to be handed to the job: {error}.")
            guards = self._spec.guards if isinstance(self._spec, TrainSpec) else None
            return self._watch(running, reporter, guards=guards, on_start=self._count_start)

    def _watch(
        self,
        running: RunningJob,
        reporter: Reporter,
        *,
        guards: Guards | None = None,
        on_start: Callable[[], None] = lambda: None,
    ) -> Ending:
        carrier = self._carrier()
        try:
            seen = Seen(
                program=self._spec.argv[0] if isinstance(self._spec, CommandSpec) else None,
                run_timeout_s=self._spec.timeout.run,
                memory_limit_bytes=self._spec.resources.memory,
            )
            supervision = Supervision(
                *(running, reporter, carrier, self._orders),
                timeout=self._spec.timeout,
                seen=seen,
                guards=guards,
                on_start=on_start,
                on_fenced=self._kit.tally.fenced,
                program=ProgramReports(self._folder.work) if seen.program is not None else None,
                usage=self._usage_watch(),
            )
            return verdict(supervision.watch())
        finally:
            running.close()
            carrier.finish()

    def _usage_watch(self) -> UsageWatch:
        """The time until the claim the database has measured, from there on this process."""
        now = time.monotonic()
        before = max(0.0, self._claim.claimed_at - self._claim.started_at)
        return UsageWatch(began_at=now, since_first_start_s=before + now - self._claimed_at)

    def _count_start(self) -> None:
        """From claimable to claimed the database has measured, from there on this process: no two clocks compared."""
        self._kit.tally.started(self._claim.waited_s + time.monotonic() - self._claimed_at)

    def _inputs(self, reporter: Reporter) -> AbstractContextManager[dict[str, DataFile]]:
        kit = self._kit
        sources = Sources(
            kit.database,
            kit.store,
            kit.cache,
            decode=partial(self._decode, reporter),
            gives_up=lambda: self._orders.stop is not None,
        )
        return fetched_inputs(self._spec, self.lease, self._folder.inputs, sources)

    def _decode(self, reporter: Reporter, data: Data, file: DataFile, target: Path) -> int:
        """Have a child decode a dataset for this job and others. It is told of the data, and of nothing else."""
        files = {data.dataset or "": file}
        with self._open_log() as log_fd:
            running = self._kit.launcher.launch(
                self._confined(
                    log_fd, self._folder.decoding, task=data.model_dump(mode="json"), work="decode", data_files=files
                )
            )
        ending = self._watch(running, reporter)
        if ending.outcome is not AttemptOutcome.SUCCEEDED:
            raise NotDecoded(ending)
        try:
            return take_over(self._folder.decoding / "output", target)
        except BadDecoding as error:
            message = f"What was decoded from {data.dataset} is not sound: {error}."
            raise NotDecoded(Ending(AttemptOutcome.CRASHED, message, cpu_s=ending.cpu_s)) from error

    def _states(self) -> tuple[Path, ...]:
        """Fetch the states that an earlier attempt left to go on from."""
        if not isinstance(self._spec, TrainSpec) or self.lease.attempt == 1:
            return ()
        kit = self._kit
        return fetched_states(self.lease.job_id, self._folder.inputs, database=kit.database, store=kit.store)

    def _halvings(self) -> int:
        """A training that ran out of memory is tried with half the batch."""
        if not isinstance(self._spec, TrainSpec) or self.lease.attempt == 1:
            return 0
        with self._kit.database.read() as conn:
            return times_ended(conn, self.lease.job_id, AttemptOutcome.OUT_OF_MEMORY)

    def _carrier(self) -> CheckpointCarrier:
        kit = self._kit
        return CheckpointCarrier(self._folder.checkpoints, self.lease, database=kit.database, store=kit.store)

    @property
    def _keep_states(self) -> int:
        return self._spec.checkpoint.keep_last if isinstance(self._spec, TrainSpec) else 1

    def _launch(self, reporter: Reporter, data_files: Mapping[str, DataFile], states: tuple[Path, ...]) -> RunningJob:
        halvings = self._halvings()
        before = time.time()
        with self._open_log() as log_fd:
            running = self._kit.launcher.launch(self._request(log_fd, data_files, states, halvings))
        timeline = {
            "queued": self._claim.queued_at,
            "noticed": self._noticed.at,
            "claimed": self._claim.claimed_at,
            "launching": before,
            "launched": time.time(),
        }
        facts = {
            "noticed_by": self._noticed.source,
            "threads": self._threads,
            "timeline": timeline,
        }
        if halvings:
            facts["batch_halved"] = halvings
        reporter.started(f"Runs on {self._kit.worker_name}.", facts)
        return running

    def _request(
        self, log_fd: int, data_files: Mapping[str, DataFile], states: tuple[Path, ...], halvings: int
    ) -> LaunchRequest:
        is_program = isinstance(self._spec, CommandSpec)
        return self._confined(
            log_fd,
            self._folder.work,
            argv=self._spec.argv if isinstance(self._spec, CommandSpec) else None,
            task=None if is_program else dump_spec(self._spec),
            env=self._spec.env,
            data_roots=self._kit.settings.data_roots,
            data_files=data_files,
            states=states,
            halvings=halvings,
            network=self._kit.settings.job_network,
        )

    def _confined(self, log_fd: int, workdir: Path, **more: Any) -> LaunchRequest:
        """Return a request with what holds for every child of this attempt."""
        return LaunchRequest(
            job_id=self.lease.job_id,
            attempt=self.lease.attempt,
            workdir=workdir,
            log_fd=log_fd,
            threads=self._threads,
            memory_limit_bytes=self._spec.resources.memory,
            hidden=(self._kit.spool.root,),
            allow_unisolated=self._kit.settings.allow_unisolated,
            **more,
        )

    @contextmanager
    def _open_log(self) -> Iterator[int]:
        log_fd = os.open(self._folder.log, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            yield log_fd
        finally:
            os.close(log_fd)

    @property
    def _threads(self) -> int:
        return max(1, int(self._share.cpus))

    # --- collect, conclude ---

    def _collect(self, ending: Ending) -> tuple[Ending, tuple[MadeFile, ...]]:
        """Store what the job made, unless it goes back to the queue for no fault of its own."""
        if ending.outcome not in _COLLECTED:
            return ending, ()
        try:
            collected = self._collect_for_keeps()
        except (StoreError, Unavailable, OSError) as error:
            return _not_stored(ending, error), ()
        if collected.left_out:
            ending.facts["artifacts_left_out"] = list(collected.left_out[:100])
        if isinstance(self._spec, ProfileSpec) and ending.outcome is AttemptOutcome.SUCCEEDED:
            self._profile = kept_profile(self._folder.output, ending.facts)
        if self._prepared is not None and ending.outcome is AttemptOutcome.SUCCEEDED:
            ending = self._prepared.take(ending, collected.files, self._folder.output)
        return ending, collected.files

    def _collect_for_keeps(self) -> Collected:
        """Store what the job made, to be there until its rows are written. Raises `StoreError`, `Unavailable`."""
        store, database = self._kit.store, self._kit.database
        while True:
            collected = collect(self._folder.output, store)
            sizes = {file.sha256: file.size for file in collected.files}
            self._insist(partial(blobs.keep, database, sizes, patience_s=_LONGEST_REMOVAL_S))
            if all(store.exists(digest) for digest in sizes):
                return collected

    def _conclude(
        self, reporter: Reporter, carrier: LogCarrier, ending: Ending, files: tuple[MadeFile, ...]
    ) -> Moved | None:
        """Store all log bytes, then end the attempt in one transaction."""
        database = self._kit.database
        reporter.add_facts(ending.facts)
        try:
            self._insist(reporter.flush_until_little_is_left)
        except Superseded:
            return None
        self._insist(lambda: carrier.finish(database))
        try:
            return self._insist(lambda: self._end(reporter, ending, files))
        except BlobsLost as error:
            lost = _not_stored(ending, error)
            return self._insist(lambda: self._end(reporter, lost, ()))

    def _end(self, reporter: Reporter | None, ending: Ending, files: tuple[MadeFile, ...]) -> Moved | None:
        moved = self._write_end(reporter, ending, files)
        if moved is None:
            self._kit.tally.fenced()
        else:
            self._kit.tally.ended(ending.outcome)
        return moved

    def _write_end(self, reporter: Reporter | None, ending: Ending, files: tuple[MadeFile, ...]) -> Moved | None:
        by = By(Actor.WORKER, self.lease.owner)
        jitter = random.random()  # noqa: S311 - spreads retries, keeps no secret
        with self._kit.database.begin() as conn:
            if (self._prepared.fence(conn) if self._prepared else fence(conn, self.lease)) is None:
                return None
            if reporter is not None:
                reporter.write_rest(conn)
            reports.add_artifacts(conn, self.lease, files)
            if ending.outcome in _NOT_RESUMED:
                checkpoints.drop(conn, self.lease.job_id)
            if self._profile is not None and ending.outcome is AttemptOutcome.SUCCEEDED:
                datasets.note_profile(conn, self.lease.job_id, self._profile)
            if self._prepared is not None and ending.outcome is AttemptOutcome.SUCCEEDED:
                ending = self._prepared.write(conn, ending)
            return conclude(conn, self.lease, ending, by, jitter=jitter)

    def _insist(self, write: Callable[[], _T]) -> _T:
        """Write, and while the database is away try again: an attempt that is over must not be lost for an outage."""
        deadline = time.monotonic() + _LONGEST_OUTAGE_S
        while True:
            try:
                return write()
            except DatabaseUnavailable as error:
                if time.monotonic() > deadline or self._kit.leaving.is_set():
                    raise
                self._log.warning("conclusion.postponed", error=str(error))
                self._kit.leaving.wait(_RETRY_S)


def _not_stored(ending: Ending, error: Exception) -> Ending:
    message = f"The artifacts could not be stored: {error}"
    return Ending(AttemptOutcome.STORAGE_FAILED, message, cpu_s=ending.cpu_s)


_COLLECTED: Final = frozenset(AttemptOutcome) - {
    AttemptOutcome.PREEMPTED,
    AttemptOutcome.PAUSED,
    AttemptOutcome.SETUP_FAILED,
    AttemptOutcome.STORAGE_FAILED,
    AttemptOutcome.WORKER_LOST,
}
"""Outcomes after which the output folder is taken in. What a job that failed has written helps to see why."""

_NOT_RESUMED: Final = frozenset({AttemptOutcome.SUCCEEDED, AttemptOutcome.CANCELLED})
"""Outcomes after which nobody goes on. What a job that failed has reached is kept."""
