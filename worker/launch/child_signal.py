"""Wakes a single-threaded poll loop when a child of the process ends."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Final

_STOP_REQUESTS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def watch_children() -> int:
    """Return a descriptor that becomes readable when a child ends."""
    readable, writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, _do_nothing)  # the wake-up needs a handler
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return readable


def stop_watching() -> None:
    """Let go of the descriptor that `watch_children` made, before it is closed."""
    signal.set_wakeup_fd(-1)


def drain(readable: int) -> None:
    """Make the descriptor quiet until the next child ends."""
    with suppress(BlockingIOError):
        os.read(readable, 65_536)


def ignore_stop_requests() -> None:
    """Leave it to the worker to end this process: a service manager may signal all processes of a service at once."""
    for number in _STOP_REQUESTS:
        signal.signal(number, signal.SIG_IGN)


def heed_stop_requests() -> None:
    """Take back `ignore_stop_requests`."""
    for number in _STOP_REQUESTS:
        signal.signal(number, signal.SIG_DFL)


def restore_defaults() -> None:
    """Give a process that will run a program the signal handling that programs expect."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _do_nothing(number: int, frame: object) -> None:
    pass
