"""A job that runs, as its supervisor holds it: two descriptors to wait on, the events that came, and two orders."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from worker.launch import events, packets, tree, usage
from worker.launch.adoption import Adoption
from worker.launch.events import BadFrame, ChannelClosed, Event, Gone, InitLost, NotStarted, Started
from worker.launch.usage import Usage
from worker.protocol import FrameReader, ProtocolError, Task, encode

_CHUNK: Final = 262_144
_MOST_CHUNKS: Final = 16
_SWEEP_EVERY_S: Final = 0.01


class RunningJob:
    """One job process tree. It belongs to one supervisor; only `terminate` and `kill` may come from other threads.

    After `Gone` nothing of it is left. Closing it earlier makes its init kill it.
    """

    def __init__(self, init: socket.socket, job: socket.socket | None, adoption: Adoption) -> None:
        self.init_pid: int | None = None
        self._init = init
        self._job = job
        self._adoption = adoption
        self._reader = FrameReader()
        self._waiting: list[Event] = []
        self._started: Started | None = None
        self._start_is_known = False
        self._is_gone = False
        self._init_open = True
        init.setblocking(False)
        if job is not None:
            job.setblocking(False)

    @property
    def init_channel(self) -> int | None:
        """The descriptor on which init reports; None when it says no more."""
        return self._init.fileno() if self._init_open else None

    @property
    def job_channel(self) -> int | None:
        """The descriptor on which the training child reports; None for a program, and when it says no more."""
        return self._job.fileno() if self._job and self._start_is_known else None

    def next_events(self) -> list[Event]:
        """Return what has come, without waiting. All that the child said comes after `Started` and before `Exited`."""
        reports = list(self._init_events())  # read first: what the child said before it exited is there now
        said = list(self._job_events()) if self._start_is_known else []
        starts = [event for event in reports if isinstance(event, Started | NotStarted)]
        ends = [event for event in reports if event not in starts]
        waiting, self._waiting = self._waiting, []
        return [*waiting, *starts, *said, *ends]

    def wait(self, timeout_s: float) -> list[Event]:
        """Return what has come as soon as there is anything; nothing when `timeout_s` is over."""
        open_channels = [channel for channel in (self.init_channel, self.job_channel) if channel is not None]
        if not self._waiting and open_channels:
            poll = select.poll()
            for channel in open_channels:
                poll.register(channel, select.POLLIN)
            poll.poll(timeout_s * 1000)
        return self.next_events()

    def measure(self) -> Usage | None:
        """Return what the processes of the job take now; None when they are gone."""
        return None if self.init_pid is None or not self._init_open else usage.measure(self.init_pid)

    def terminate(self, grace_s: float) -> None:
        """Send SIGTERM to the whole tree, and SIGKILL to what is left after `grace_s`. `Gone` tells when it is done."""
        self._order({"order": "terminate", "grace_s": grace_s})

    def kill(self) -> None:
        """Kill the whole tree now. `Gone` tells when it is done."""
        self._order({"order": "kill"})

    def sweep(self, timeout_s: float = 5.0) -> bool:
        """After `InitLost`: kill what is left of the job, and return whether it is certain that nothing is.

        The job process dies with its init, and the zygote kills the orphans; this is for the case that it died as well.
        """
        deadline = time.monotonic() + timeout_s
        while self._kill_rest() or self._adoption.kill_orphans():
            if time.monotonic() > deadline:
                return False
            time.sleep(_SWEEP_EVERY_S)
        return True

    def close(self) -> None:
        """Let go of both channels; a job that is still there is killed by its init."""
        self._init_open = False
        self._init.close()
        self._close_job()
        if self.init_pid is not None:
            self._adoption.forget_when_ended(self.init_pid)

    def abandon(self, timeout_s: float) -> bool:
        """Have the job killed, wait until its init has gone, and close. Returns whether it went in time."""
        with suppress(OSError):
            self._init.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + timeout_s
        while self._init_open and time.monotonic() < deadline:
            self.wait(max(deadline - time.monotonic(), 0))
        has_gone = not self._init_open
        self.close()
        return has_gone

    def give_task(self, task: Task, timeout_s: float) -> None:
        """Send the training child its task. Raises `OSError` when it does not take it."""
        if self._job is None:
            raise BrokenPipeError("the child has closed its channel")
        self._job.settimeout(timeout_s)
        try:
            self._job.sendall(encode(task))
        finally:
            self._job.setblocking(False)

    def wait_for_start(self, deadline: float) -> Event | None:
        """Return the event that tells whether the job was started, None when none came. All stay to be had."""
        seen: list[Event] = []
        start = None
        while start is None and (left_s := deadline - time.monotonic()) > 0:
            came = self.wait(left_s)
            seen += came
            start = next((event for event in came if isinstance(event, Started | NotStarted | InitLost)), None)
        self._waiting.extend(seen)
        return start

    def _order(self, order: dict[str, Any]) -> None:
        if self._init_open:
            with suppress(OSError):  # it has gone; the next event says so
                packets.send(self._init, order)

    def _init_events(self) -> Iterator[Event]:
        while self._init_open:
            message, self._init_open = packets.receive_now(self._init)
            if message is None:
                break
            event = events.from_init(message)
            self._note(event)
            yield event
        if not self._init_open and not self._is_gone:
            self._is_gone = self._start_is_known = True
            yield InitLost()

    def _note(self, event: Event) -> None:
        self._start_is_known = True
        if isinstance(event, Started):
            self._started = event
            self.init_pid = event.init_pid  # the zygote may have died before it could tell
        elif isinstance(event, Gone):
            self._is_gone = True
            self._init_open = False

    def _job_events(self) -> Iterator[Event]:
        for _ in range(_MOST_CHUNKS):
            data = self._receive()
            if data is None:
                return
            if not data:
                self._close_job()
                yield ChannelClosed()
                return
            try:
                yield from self._reader.feed(data)
            except ProtocolError as error:
                self._close_job()
                yield BadFrame(str(error))
                return

    def _receive(self) -> bytes | None:
        """Return what the child has sent, empty when its end is closed, None when there is nothing to wait for now."""
        try:
            return None if self._job is None else self._job.recv(_CHUNK)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            return b""

    def _close_job(self) -> None:
        if self._job is not None:
            self._job.close()
            self._job = None

    def _kill_rest(self) -> bool:
        """Kill the recorded job process and all below it. Returns whether there was any."""
        if self._started is None:
            return False
        process = tree.find(self._started.pid)
        if process is None or process.start_ticks != self._started.start_ticks:
            return False
        tree.kill_descendants(process.pid)
        tree.send_signal(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
        return True
