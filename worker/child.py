"""What runs in the job process of every job that is no program of a user.

It reads one task from the channel, runs it, reports on the way, and ends with one result. It holds no credential and
reaches nothing but its folder and the data. A fork of a warm process and a fresh interpreter run the same code.
"""

from __future__ import annotations

import errno
import gc
import json
import math
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

from pydantic import ValidationError

from ml.decode import decode
from ml.errors import Interrupted, JobError
from ml.run import DataFile, RunSettings, Summary, run
from trainshed.errors import InvalidSpec
from trainshed.specs import CommandSpec, Data, TrainSpec, parse_spec
from trainshed.states import AttemptOutcome
from worker import protocol

SEND_EVERY_S: Final = 0.25
_MOST_POINTS_A_FRAME: Final = 2_000
_EXIT_CODE_OF_FAILURE: Final = 1
_LONGEST_TEXT: Final = 16_000


class ChannelReport:
    """Gathers what training reports; a thread of its own sends it, so that training never waits for a socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._points: list[tuple[str, int, float]] = []
        self._progress: protocol.Progress | None = None
        self._saved: list[protocol.Saved] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._send_regularly, name="report", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Send what is left, and end the thread."""
        self._is_over.set()
        self._thread.join()
        self._send()

    def metric(self, series: str, step: int, value: float) -> None:
        """Report one point. A value that is not finite cannot be drawn or compared; it goes to the log alone."""
        if not math.isfinite(value):
            self.message(f"{series} is {value} at step {step}")
            return
        with self._lock:
            self._points.append((series, int(step), float(value)))

    def progress(
        self,
        *,
        fraction: float,
        epoch: int | None = None,
        epochs: int | None = None,
        step: int | None = None,
        steps: int | None = None,
        eta_s: float | None = None,
    ) -> None:
        """Report how far the job is. Only the latest report of each interval is sent."""
        latest = protocol.Progress(
            fraction=min(max(float(fraction), 0.0), 1.0),
            epoch=epoch,
            epochs=epochs,
            step=step,
            steps=steps,
            eta_s=None if eta_s is None else float(eta_s),
        )
        with self._lock:
            self._progress = latest

    def message(self, text: str) -> None:
        """Write a line to the log."""
        print(text, flush=True)  # noqa: T201 - stdout is the log of the job

    def begun(self, *, step: int, epoch: int, warnings: Sequence[str]) -> None:
        """Report where training begins, at once: it comes before any point."""
        shown = tuple(_sendable(warning) for warning in warnings)
        protocol.send(self._channel, protocol.Begun(step=step, epoch=epoch, warnings=shown))

    def saved(self, path: Path, *, step: int) -> None:
        """Report a state. It is sent behind all points that were reported before it."""
        with self._lock:
            self._saved.append(protocol.Saved(step=step, name=path.name))

    def _send_regularly(self) -> None:
        with suppress(OSError):  # the supervisor has gone, and init is about to end this process
            while not self._is_over.wait(SEND_EVERY_S):
                self._send()

    def _send(self) -> None:
        with self._lock:
            points, self._points = self._points, []
            progress, self._progress = self._progress, None
            saved, self._saved = self._saved, []
        for start in range(0, len(points), _MOST_POINTS_A_FRAME):
            protocol.send(self._channel, protocol.Metrics(points=tuple(points[start : start + _MOST_POINTS_A_FRAME])))
        for frame in (*saved, *([progress] if progress else [])):
            protocol.send(self._channel, frame)


def main(channel_fd: int) -> NoReturn:
    """Do one task and leave the process."""
    started_ns, time_ns = time.monotonic_ns(), time.time_ns()
    gc.disable()  # one job, then the end of the process: collecting costs 2 to 5 % and copies pages of the zygote
    exit_code = _EXIT_CODE_OF_FAILURE
    try:
        channel = socket.socket(fileno=channel_fd)
        channel.set_inheritable(False)
        protocol.send(channel, protocol.Hello(pid=os.getpid(), started_ns=started_ns, time_ns=time_ns))
        exit_code = _work(channel)
    except BaseException:  # noqa: BLE001 - the log is the only place left to say it
        traceback.print_exc()
    finally:
        _leave(exit_code)


def _work(channel: socket.socket) -> int:
    task = protocol.receive_task(channel)
    report = ChannelReport(channel)
    report.start()
    try:
        result = _outcome_of(task, report)
    except Interrupted:
        report.close()
        _end_by_sigterm()
    report.close()
    protocol.send(channel, result)
    return 0 if result.outcome is AttemptOutcome.SUCCEEDED else _EXIT_CODE_OF_FAILURE


def _outcome_of(task: protocol.Task, report: ChannelReport) -> protocol.Result:
    try:
        return _run(task, report)
    except JobError as error:
        outcome = error.outcome if error.outcome in protocol.CHILD_OUTCOMES else AttemptOutcome.USER_ERROR
        return _failed(outcome, error.detail, remedy=error.remedy, facts=error.facts)
    except InvalidSpec as error:
        return _failed(AttemptOutcome.USER_ERROR, str(error))
    except Exception as error:  # noqa: BLE001 - whatever a job raises is its outcome
        if _is_full_disk(error):
            return _failed(AttemptOutcome.STORAGE_FAILED, f"The disk of the worker is full: {_in_one_line(error)}.")
        traceback.print_exc()
        outcome = AttemptOutcome.OUT_OF_MEMORY if _is_out_of_memory(error) else AttemptOutcome.USER_ERROR
        return _failed(outcome, _in_one_line(error))


def _run(task: protocol.Task, report: ChannelReport) -> protocol.Result:
    settings = RunSettings(
        threads=task.threads,
        data_roots=tuple(Path(root) for root in task.data_roots),
        data_files={
            ref: DataFile(Path(file.path), file.filename, file.is_decoded) for ref, file in task.data_files.items()
        },
        states=tuple(Path(state) for state in task.states),
        halvings=task.halvings,
    )
    summary = _work_on(task, report, settings)
    try:
        return protocol.Result(
            outcome=AttemptOutcome.SUCCEEDED, metrics=dict(summary.metrics), facts=dict(summary.facts)
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"the summary cannot be reported: {first['loc']}: {first['msg']}") from error


def _work_on(task: protocol.Task, report: ChannelReport, settings: RunSettings) -> Summary:
    if task.work == "decode":
        return decode(Data.model_validate_json(json.dumps(task.spec)), Path(task.workdir), report, settings=settings)
    spec = parse_spec(task.spec)
    if isinstance(spec, CommandSpec):
        raise TypeError(f"a job of kind {spec.kind} is no work for this process")
    if isinstance(spec, TrainSpec):
        settings = replace(settings, should_stop=_note_sigterm())
    return run(spec, Path(task.workdir), report, settings=settings)


def _note_sigterm() -> Callable[[], bool]:
    """Have SIGTERM end nothing, and return whether it has come."""
    has_come = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: has_come.set())
    return has_come.is_set


def _end_by_sigterm() -> NoReturn:
    """End as the signal would have ended a process that has nothing to save."""
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTERM)
    raise SystemExit(_EXIT_CODE_OF_FAILURE)


def _failed(
    outcome: AttemptOutcome, message: str, *, remedy: str = "", facts: Mapping[str, Any] | None = None
) -> protocol.Result:
    """Return the result of a failure; facts that cannot be sent are left out rather than hiding the failure."""
    plain = protocol.Result(outcome=outcome, message=_sendable(message), remedy=_sendable(remedy))
    with suppress(ValidationError):
        return protocol.Result.model_validate(plain.model_dump() | {"facts": dict(facts or {})})
    return plain


def _sendable(text: str) -> str:
    """Return a text that the protocol takes, whatever the data or the program has put into it."""
    whole = text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return whole[:_LONGEST_TEXT]


def _is_out_of_memory(error: Exception) -> bool:
    """TensorFlow's own error is known by name: only `ml` imports TensorFlow."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def _is_full_disk(error: Exception) -> bool:
    """Nothing may be printed then: the log lies on the same disk."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _in_one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _leave(exit_code: int) -> NoReturn:
    """End without the teardown of TensorFlow, which takes 0.7 s and frees what ends anyway."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(exit_code)
