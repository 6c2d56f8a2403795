"""A warm process that forks an init for each job, one ahead of the jobs: the spare is there before it is asked for.

    python -m worker.launch.zygote --control-fd 3 --worker-pid 42 --most-forks 500 --preload ml.preload

It imports what jobs need and never uses it. It has one thread, no secret, no connection, and sees no job's data. Before
each fork it makes sure of that; where it is not so it says `refused`, ends, and the worker starts another.
It dies with the worker. Orphans of an init that was killed come to it, and it kills them.

From the worker: `start` with the descriptors of a job. To it: `ready`, `forked`, `refused`.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from worker.launch import child_signal, descriptors, linux, packets, tree
from worker.launch.init import run_init

_KILL_EVERY_MS: Final = 20


@dataclass(frozen=True, slots=True)
class Spare:
    """An init, and the process of its job below it, that wait to be told which job it is."""

    pid: int
    orders: socket.socket


class Zygote:
    """The loop: fork when asked, reap, and kill orphans."""

    def __init__(
        self,
        control: socket.socket,
        worker_pidfd: int,
        *,
        child: Callable[[int], NoReturn] | None,
        context_initialised: Callable[[], bool],
        most_forks: int,
    ) -> None:
        self._control = control
        self._worker_pidfd = worker_pidfd
        self._child = child
        self._context_initialised = context_initialised
        self._most_forks = most_forks
        self._children = child_signal.watch_children()
        self._inits: set[int] = set()
        self._spare: Spare | None = None
        self._started = 0
        self._allowed = descriptors.open_descriptors()

    def serve(self) -> None:
        """Return when the worker hangs up, when forking has become unsafe, or after the last fork."""
        packets.send(self._control, {"ready": os.getpid()})
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._children, select.POLLIN)
        is_serving = True
        while is_serving:
            self._provide()
            wait_ms = _KILL_EVERY_MS if self._kill_orphans() else None
            ready = [descriptor for descriptor, _ in poll.poll(wait_ms)]
            child_signal.drain(self._children)
            self._reap()
            if self._control.fileno() in ready:
                is_serving = self._take_order()

    def _reap(self) -> None:
        for pid, _, _ in tree.reap():
            self._inits.discard(pid)
            if self._spare is not None and self._spare.pid == pid:
                self._spare.orders.close()
                self._spare = None

    def _kill_orphans(self) -> bool:
        """Kill all descendants that belong to no living init. Returns whether there were any."""
        orphans = [child for child in tree.children(os.getpid()) if child.pid not in self._inits]
        if orphans:
            tree.kill_descendants(os.getpid(), spare=frozenset(self._inits), between=self._reap)
        return bool(orphans)

    def _take_order(self) -> bool:
        """Return whether to go on."""
        order, given = packets.receive(self._control)
        if order is None:
            return False
        reason = self._why_not_to_fork(given)
        if reason is not None:
            packets.send(self._control, {"refused": reason, "id": order["start"]})
            return False
        pid = self._start(given)
        packets.send(self._control, {"forked": pid, "id": order["start"]})
        return self._started < self._most_forks

    def _why_not_to_fork(self, given: list[int]) -> str | None:
        threads = tree.count_threads()
        if threads != 1:
            return f"the zygote has {threads} threads; a lock that another one holds would stay locked in the child"
        if self._context_initialised():
            return "TensorFlow has been used in the zygote; its threads do not exist in a child, which would hang"
        spare = set() if self._spare is None else {self._spare.orders.fileno()}
        leaked = descriptors.open_descriptors() - self._allowed - spare - set(given)
        if leaked:
            return f"the zygote has descriptors it did not have when it was ready: {sorted(leaked)}"
        return None

    def _provide(self) -> None:
        """Have a spare, if a fork is safe. If it is not, the next order is refused, and says why."""
        if self._spare is None and self._why_not_to_fork([]) is None:
            self._spare = self._fork()

    def _start(self, given: list[int]) -> int:
        """Give the descriptors of a job to the spare, or to a new one when it has died; return the pid of the init."""
        spare = self._spare or self._fork()
        try:
            packets.send(spare.orders, {}, given)
        except BrokenPipeError:
            spare.orders.close()
            spare = self._fork()
            packets.send(spare.orders, {}, given)
        self._spare = None
        spare.orders.close()
        for descriptor in given:
            os.close(descriptor)
        self._started += 1
        return spare.pid

    def _fork(self) -> Spare:
        here, there = packets.socket_pair()
        pid = os.fork()
        if pid == 0:
            self._control.detach()
            here.detach()
            run_init(there, self._worker_pidfd, self._child)
        there.close()
        self._inits.add(pid)
        return Spare(pid, here)


def main() -> None:
    """Prepare the process, import what jobs need, serve."""
    arguments = _parse_arguments()
    linux.die_with_parent(arguments.worker_pid)
    linux.become_subreaper()
    child_signal.ignore_stop_requests()
    linux.set_process_name("trainshed-zygote")
    worker_pidfd = os.pidfd_open(arguments.worker_pid)
    child, context_initialised = _preload(arguments.preload) if arguments.preload else (None, _has_no_context)
    control = socket.socket(fileno=arguments.control_fd)
    control.set_inheritable(False)
    gc.collect()
    gc.freeze()
    Zygote(
        control,
        worker_pidfd,
        child=child,
        context_initialised=context_initialised,
        most_forks=arguments.most_forks,
    ).serve()


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m worker.launch.zygote")
    parser.add_argument("--control-fd", type=int, required=True)
    parser.add_argument("--worker-pid", type=int, required=True)
    parser.add_argument("--most-forks", type=int, required=True, help="leave after so many, to be started anew")
    parser.add_argument("--preload", metavar="MODULE", help="has preload() and context_initialised(); default: none")
    return parser.parse_args()


def _preload(name: str) -> tuple[Callable[[int], NoReturn], Callable[[], bool]]:
    """Import the module `name` and the child; return the child's entry and the test for a used TensorFlow."""
    module: Any = importlib.import_module(name)
    child: Any = importlib.import_module("worker.child")
    module.preload()
    return child.main, module.context_initialised


def _has_no_context() -> bool:
    return False


if __name__ == "__main__":
    main()
