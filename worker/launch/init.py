"""The parent of one job: starts it, reports what becomes of it, carries out orders, and leaves when nothing is left.

Orphans of the job come to it, wherever their sessions are (it is a child subreaper), so `gone` is a fact and no guess:
a process without children, to which all orphans come, has no descendants. When the worker dies it kills the tree.

To the supervisor: `started` or `not_started`, `exited`, `gone`. From it: `terminate`, `kill`; end of file means kill.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, getrusage, struct_rusage
from typing import Any, Final, NoReturn

from worker.launch import child_signal, descriptors, linux, memory, packets, tree
from worker.launch.job import wait_to_become_job
from worker.launch.plan import Plan, read_plan

_LEFTOVER_GRACE_S: Final = 1.0
"""Time between SIGTERM and SIGKILL for what a job left behind when its main process ended."""
_KILL_EVERY_S: Final = 0.02
_MEASURE_EVERY_S: Final = 0.5
_KILOBYTE: Final = 1024


def run_init(orders: socket.socket, worker_pidfd: int, child: Callable[[int], NoReturn] | None) -> NoReturn:
    """Be the init of one job, in a process that the zygote has just forked.

    All that does not depend on the job is done first; then the pair waits, so that a job has not to. `orders` brings
    the descriptors of the job once; when it is closed before, or the worker ends, there is no job to come.
    """
    try:
        os.setsid()
        linux.become_subreaper()
        linux.set_process_name("trainshed-init")
        child_signal.ignore_stop_requests()
        child_signal.stop_watching()
        descriptors.close_all_but((orders.fileno(), worker_pidfd))
        children = child_signal.watch_children()
        job = _fork_job(child)
        given = _await_job(orders, worker_pidfd, children)
        if given is not None:
            channel, log, plan_file, job_channel = given
            packets.send(job.orders, {}, (log, plan_file, job_channel))
            for descriptor in (orders.fileno(), job.orders.fileno(), log, job_channel):
                os.close(descriptor)
            Init(job, read_plan(plan_file), socket.socket(fileno=channel), worker_pidfd, children).serve()
    finally:
        os._exit(0)


@dataclass(frozen=True, slots=True)
class _WaitingJob:
    """The process that becomes the job when it is told."""

    pid: int
    orders: socket.socket
    status: int
    """Where it says how its start went."""


def _fork_job(child: Callable[[int], NoReturn] | None) -> _WaitingJob:
    init_pid = os.getpid()
    readable, writable = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(readable, False)
    here, there = packets.socket_pair()
    pid = os.fork()
    if pid == 0:
        here.close()
        wait_to_become_job(there, writable, child=child, init_pid=init_pid)
    os.close(writable)
    there.close()
    return _WaitingJob(pid, here, readable)


def _await_job(orders: socket.socket, worker_pidfd: int, children: int) -> list[int] | None:
    """Return the descriptors of the job; None when none will come, or when the process that waits for it has died."""
    poll = select.poll()
    for descriptor in (orders.fileno(), worker_pidfd, children):
        poll.register(descriptor, select.POLLIN)
    ready = [descriptor for descriptor, _ in poll.poll()]
    if ready != [orders.fileno()]:
        return None
    message, given = packets.receive(orders)
    return None if message is None else given


class Init:
    """The loop: wait, reap, listen, enforce, until no descendant is left."""

    def __init__(self, job: _WaitingJob, plan: Plan, channel: socket.socket, worker_pidfd: int, children: int) -> None:
        self._pid = job.pid
        self._start_ticks = process.start_ticks if (process := tree.find(job.pid)) else 0
        self._memory_limit_bytes = plan.memory_limit_bytes
        self._channel = channel
        self._worker_pidfd = worker_pidfd
        self._status = job.status
        self._status_text = b""
        self._children = children
        self._poll = select.poll()
        for descriptor in (channel.fileno(), worker_pidfd, job.status, self._children):
            self._poll.register(descriptor, select.POLLIN)
        self._kill_at: float | None = None
        self._measure_at = time.monotonic() + _MEASURE_EVERY_S
        self._out_of_memory = False

    def serve(self) -> None:
        """Return when the job and everything it started has gone."""
        self._channel.setblocking(False)
        while tree.has_children():
            for descriptor, _ in self._poll.poll(self._wait_ms()):
                self._handle(descriptor)
            self._reap()
            self._enforce_memory_limit()
            self._enforce_kill()
        usage = getrusage(RUSAGE_CHILDREN)
        self._report(event="gone", user_s=usage.ru_utime, system_s=usage.ru_stime)

    def _wait_ms(self) -> float | None:
        if self._kill_at is not None:
            return 1000 * max(self._kill_at - time.monotonic(), _KILL_EVERY_S)
        if self._memory_limit_bytes is not None:
            return 1000 * max(self._measure_at - time.monotonic(), 0)
        return None

    def _handle(self, descriptor: int) -> None:
        if descriptor == self._children:
            child_signal.drain(descriptor)
        elif descriptor == self._status:
            self._read_status()
        elif descriptor == self._worker_pidfd:
            self._lose_worker(descriptor)
        else:
            self._take_order()

    def _lose_worker(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        self._kill_at = time.monotonic()

    def _take_order(self) -> None:
        order, is_open = packets.receive_now(self._channel)
        if not is_open:
            self._lose_worker(self._channel.fileno())
        elif order is not None and order["order"] == "kill":
            self._kill_at = time.monotonic()
        elif order is not None:
            self._terminate(order["grace_s"])

    def _terminate(self, grace_s: float) -> None:
        """A process that was stopped cannot act on SIGTERM, so it is continued."""
        kill_at = time.monotonic() + grace_s
        self._kill_at = kill_at if self._kill_at is None else min(self._kill_at, kill_at)
        processes = tree.descendants(os.getpid())
        tree.signal_all(processes, signal.SIGTERM)
        tree.signal_all(processes, signal.SIGCONT)

    def _reap(self) -> None:
        for pid, status, usage in tree.reap():
            if pid == self._pid:
                self._finish_status()
                self._report_exit(status, usage)
                if tree.has_children():
                    self._terminate(_LEFTOVER_GRACE_S)

    def _enforce_memory_limit(self) -> None:
        if self._memory_limit_bytes is None or self._kill_at is not None or time.monotonic() < self._measure_at:
            return
        self._measure_at = time.monotonic() + _MEASURE_EVERY_S
        if memory.exceeds(self._memory_limit_bytes, below_pid=os.getpid()):
            self._out_of_memory = True
            self._kill_at = time.monotonic()

    def _enforce_kill(self) -> None:
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            tree.kill_descendants(os.getpid(), between=self._reap)

    def _read_status(self) -> bool:
        """Take what the job process says of its start. Returns whether it may say more."""
        try:
            data = os.read(self._status, 65_536)
        except BlockingIOError:
            return False
        self._status_text += data
        if not data:
            self._close_status()
        return bool(data)

    def _finish_status(self) -> None:
        while self._status >= 0 and self._read_status():
            pass
        if self._status >= 0:
            self._close_status()

    def _close_status(self) -> None:
        self._poll.unregister(self._status)
        os.close(self._status)
        self._status = -1
        self._report_start()

    def _report_start(self) -> None:
        said: dict[str, Any] = {}
        for line in self._status_text.splitlines():
            said |= json.loads(line)
        if "failed" in said or "ready" not in said:
            failure = said.get(
                "failed", {"stage": "setup", "errno": None, "detail": "it ended before its sandbox was up"}
            )
            self._report(event="not_started", **failure)
        else:
            identity = {"pid": self._pid, "start_ticks": self._start_ticks, "init_pid": os.getpid()}
            self._report(event="started", **identity, **said["ready"])

    def _report_exit(self, status: int, usage: struct_rusage) -> None:
        code = os.waitstatus_to_exitcode(status)
        self._report(
            event="exited",
            code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            user_s=usage.ru_utime,
            system_s=usage.ru_stime,
            max_rss_bytes=usage.ru_maxrss * _KILOBYTE,
            out_of_memory=self._out_of_memory,
        )

    def _report(self, **message: Any) -> None:
        with suppress(OSError):  # whoever does not listen any more has been noticed elsewhere
            packets.send(self._channel, message)
