"""A zygote that is kept alive, and starts jobs for the supervisors of a worker.

    with Zygote(LIGHT) as zygote:
        running = zygote.start(LaunchRequest(...))

A thread of its own keeps the zygote: PDEATHSIG fires when the *thread* that started a process ends, and this one lives
as long as the worker. When the zygote ends, whatever the reason, it starts another; running jobs do not notice.
"""

from __future__ import annotations

import itertools
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import structlog

from worker.launch import linux, packets
from worker.launch.adoption import Adoption
from worker.launch.events import NotStarted, Started
from worker.launch.plan import write_plan
from worker.launch.request import LaunchRequest, make_plan, zygote_environment
from worker.launch.running import RunningJob
from worker.protocol import ProtocolError, Task

log = structlog.get_logger()

_START_TIMEOUT_S: Final = 20.0
_REAP_EVERY_S: Final = 1.0
_ABANDON_TIMEOUT_S: Final = 5.0
_LONGEST_BACKOFF_S: Final = 5.0


class SetupFailed(Exception):
    """The job could not be started, through no fault of its own. The attempt is not charged."""


class _ZygoteEnded(SetupFailed):
    """The zygote was killed while a fork was asked of it."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """What a zygote has imported."""

    name: str
    preload: str | None
    """A module with `preload()` and `context_initialised()`; None for a light zygote."""
    most_forks: int = 500
    """After so many it is replaced, to start again from clean memory."""


ML: Final = Flavour("ml", "ml.preload")
"""For all jobs but programs of users."""
LIGHT: Final = Flavour("light", None)
"""For programs, and for train jobs that shall import everything afresh."""


class Zygote:
    """One zygote process of one flavour. `start` may be called from any thread."""

    def __init__(
        self, flavour: Flavour, *, adoption: Adoption | None = None, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._flavour = flavour
        self._environment = zygote_environment(environ)
        self._adoption = adoption or Adoption()
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._answers: dict[int, Future[int]] = {}
        self._is_stopping = False
        self._keeper = threading.Thread(target=self._keep, name=f"zygote-{flavour.name}", daemon=True)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The pid of the zygote; None while it is not ready."""
        with self._changed:
            return self._process.pid if self._process and self._control else None

    def open(self) -> None:
        """Begin to keep a zygote. Raises `OSError` where zygotes cannot be: they need Linux 5.4."""
        if not linux.IS_LINUX:
            raise OSError(f"jobs are started by fork, pidfd and subreaper, which {sys.platform} does not have")
        linux.become_subreaper()  # inits come to the worker when their zygote dies
        self._keeper.start()

    def close(self) -> None:
        """End the zygote. Jobs that run go on; the worker is their parent from now on."""
        with self._changed:
            self._is_stopping = True
            if self._process:
                self._process.kill()
            self._changed.notify_all()
        self._keeper.join()

    def start(self, request: LaunchRequest, *, timeout_s: float = _START_TIMEOUT_S) -> RunningJob:
        """Start a job and return when it runs, or when its program could not be run (`NotStarted` is its event).

        Waits for a zygote that is being started. Raises `SetupFailed` when the fork was refused, or when the job was
        not up within `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        running = self._fork_through_living(request, deadline)
        try:
            self._await_start(running, deadline)
            if request.task is not None:
                running.give_task(_task(request), timeout_s)
        except BaseException:
            running.abandon(_ABANDON_TIMEOUT_S)
            raise
        return running

    def _fork_through_living(self, request: LaunchRequest, deadline: float) -> RunningJob:
        """Fork; once more when the zygote was killed meanwhile. Nothing of the first try is left then."""
        try:
            return self._fork(request, deadline)
        except _ZygoteEnded:
            return self._fork(request, deadline)

    def _await_start(self, running: RunningJob, deadline: float) -> None:
        match running.wait_for_start(deadline):
            case Started() | NotStarted(stage="exec"):
                return
            case NotStarted(detail=detail):
                raise SetupFailed(f"The job process could not be set up: {detail}.")
            case None:
                raise SetupFailed("The job process was not up in time.")
            case _:
                raise SetupFailed("The init of the job was killed while it started.")

    def _fork(self, request: LaunchRequest, deadline: float) -> RunningJob:
        init_here, init_there = packets.socket_pair()
        job_here, job_there = socket.socketpair()
        if request.argv is not None:
            job_here.close()  # a program says nothing
        running = RunningJob(init_here, None if request.argv is not None else job_here, self._adoption)
        plan = write_plan(make_plan(request))
        try:
            running.init_pid = self._ask(init_there, request.log_fd, plan, job_there, deadline)
        except BaseException as error:
            init_there.close()
            if not running.abandon(_ABANDON_TIMEOUT_S):
                raise SetupFailed("A job process that was given up did not end.") from error
            raise
        finally:
            os.close(plan)
            init_there.close()
            job_there.close()
        self._adoption.expect(running.init_pid)
        return running

    def _ask(self, init: socket.socket, log_fd: int, plan: int, job: socket.socket, deadline: float) -> int:
        """Let the zygote fork; return the pid of the new init."""
        number = next(self._numbers)
        answer: Future[int] = Future()
        with self._changed:
            control = self._await_control(deadline)
            self._answers[number] = answer
            try:
                packets.send(control, {"start": number}, (init.fileno(), log_fd, plan, job.fileno()))
            except OSError as error:
                self._answers.pop(number, None)
                self._control = None  # it is dying, and its keeper will hear of it in a moment
                raise _ZygoteEnded(f"The zygote could not be reached: {error}.") from error
        try:
            return answer.result(max(deadline - time.monotonic(), 0))
        except FutureTimeoutError as error:
            raise SetupFailed("The zygote did not answer in time.") from error

    def _await_control(self, deadline: float) -> socket.socket:
        """Return the channel to a zygote that is ready and alive. `_changed` is held."""
        while self._control is None or self._has_died():
            left_s = deadline - time.monotonic()
            if self._is_stopping or left_s <= 0:
                raise SetupFailed(f"The {self._flavour.name} zygote was not ready in time.")
            self._changed.wait(min(left_s, 0.05))
        return self._control

    def _has_died(self) -> bool:
        """Whether the zygote has ended although its keeper has not noticed yet."""
        process = self._process
        return process is None or os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _keep(self) -> None:
        """The story of the keeper: start a zygote, listen until it ends, clean up, start the next."""
        failures = 0
        while not self._is_stopping:
            was_ready = self._run_one()
            failures = 0 if was_ready else failures + 1
            if failures:
                with self._changed:
                    self._changed.wait(min(0.1 * 2**failures, _LONGEST_BACKOFF_S))

    def _run_one(self) -> bool:
        """Run one zygote until its end. Returns whether it became ready."""
        here, there = packets.socket_pair()
        process = self._spawn(there)
        there.close()
        with self._changed:
            self._process = process
            if self._is_stopping:
                process.kill()
        self._adoption.expect(process.pid)
        was_ready = self._listen(here)
        self._bury(process, here)
        return was_ready

    def _spawn(self, control: socket.socket) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-P", "-m", "worker.launch.zygote"]
        argv += ["--control-fd", str(control.fileno()), "--worker-pid", str(os.getpid())]
        argv += ["--most-forks", str(self._flavour.most_forks)]
        if self._flavour.preload is not None:
            argv += ["--preload", self._flavour.preload]
        return subprocess.Popen(
            argv,
            env=self._environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            pass_fds=(control.fileno(),),
            start_new_session=True,
        )

    def _listen(self, control: socket.socket) -> bool:
        """Take what the zygote says until it hangs up."""
        was_ready = False
        poll = select.poll()
        poll.register(control, select.POLLIN)
        while True:
            if not poll.poll(_REAP_EVERY_S * 1000):
                self._adoption.reap()
                continue
            message, _ = packets.receive(control)
            if message is None:
                return was_ready
            was_ready = True
            self._hear(message, control)

    def _hear(self, message: dict[str, Any], control: socket.socket) -> None:
        match message:
            case {"ready": pid}:
                log.info("zygote.ready", flavour=self._flavour.name, pid=pid)
                with self._changed:
                    self._control = control
                    self._changed.notify_all()
            case {"forked": pid, "id": number}:
                self._answer(number).set_result(pid)
            case {"refused": reason, "id": number}:
                log.warning("zygote.refused", flavour=self._flavour.name, reason=reason)
                self._answer(number).set_exception(SetupFailed(f"The fork was refused: {reason}."))
            case _:
                raise ValueError(f"the zygote says {message}")

    def _answer(self, number: int) -> Future[int]:
        with self._changed:
            return self._answers.pop(number)

    def _bury(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        with self._changed:
            self._control = None
            unanswered, self._answers = list(self._answers.values()), {}
        control.close()
        process.kill()
        code = process.wait()
        self._adoption.forget_when_ended(process.pid)
        if not self._is_stopping:
            log.warning("zygote.ended", flavour=self._flavour.name, pid=process.pid, code=code)
        for answer in unanswered:
            answer.set_exception(_ZygoteEnded("The zygote ended before it had forked."))


def _task(request: LaunchRequest) -> Task:
    try:
        return Task(
            job_id=request.job_id,
            attempt=request.attempt,
            work=request.work,
            spec=dict(request.task or {}),
            workdir=str(request.workdir.resolve()),
            threads=request.threads,
            data_roots=tuple(str(root) for root in request.data_roots),
            data_files=dict(request.data_files),
            states=tuple(map(str, request.states)),
            halvings=request.halvings,
        )
    except ValueError as error:
        raise ProtocolError(f"the task cannot be sent: {error}") from error
