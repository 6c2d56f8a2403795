"""How far a job is: two lines at the foot of the terminal, and its log flowing above them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from trainshed.cli.cells import duration, printable
from trainshed.cli.job.watch import write_bytes
from trainshed.cli.lines import Lines
from trainshed.errors import TrainshedError

if TYPE_CHECKING:
    from trainshed.cli.invocation import Invocation
    from trainshed.wire import Job, Progress

_ASK_EACH_S: Final = 1.0
_FRAMES: Final = 5
_BAR: Final = 24
_METRICS: Final = 6


class Screen:
    """Draws on stderr, so that `> file` gets the log alone. Asks the server for the job in a thread of its own."""

    def __init__(self, invoked: Invocation, job_id: str) -> None:
        self._lines = Lines()
        self._watcher = _Watcher(invoked, job_id)
        self._spinner = Spinner("dots", style="cyan")
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(
            get_renderable=self._draw,
            console=self._console,
            refresh_per_second=_FRAMES,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._watcher.start()
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        self._watcher.stop()

    def print_log(self, chunks: Iterable[bytes]) -> None:
        """Pass on what the job printed: the very bytes into a file or a pipe, plain lines above the view."""
        if not sys.stdout.isatty():
            for chunk in chunks:
                write_bytes(chunk)
            return
        for chunk in chunks:
            self._print(self._lines.feed(chunk))
        self._print(self._lines.rest())

    def _print(self, lines: list[str]) -> None:
        if lines:
            self._console.print(Text("\n".join(lines)), soft_wrap=True)

    def _draw(self) -> RenderableType:
        job = self._watcher.job
        begun = [Text(self._lines.begun, style="dim", no_wrap=True, overflow="crop")] if self._lines.begun else []
        if job is None:
            return Group(*begun, self._spinner)
        return Group(*begun, self._head(job), Text(_metrics(job), style="dim", no_wrap=True, overflow="ellipsis"))

    def _head(self, job: Job) -> RenderableType:
        self._spinner.text = Text(f"{printable(job.name)} {job.state}", style="bold")
        row = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=1.0, completed=job.progress.fraction, width=_BAR) if job.progress else None
        words = _how_far(job.progress) if job.progress else _waiting(job)
        if self._watcher.trouble:
            words = f"{words}  (the server does not answer)".strip()
        row.add_row(*(each for each in (self._spinner, bar, Text(words, no_wrap=True, overflow="ellipsis")) if each))
        return row


class _Watcher:
    """Keeps the latest state of a job. `trouble`: it could not be asked for."""

    def __init__(self, invoked: Invocation, job_id: str) -> None:
        self.job: Job | None = None
        self.trouble = False
        self._invoked = invoked
        self._job_id = job_id
        self._stopped = threading.Event()
        # A daemon: a server that is silent keeps nobody from leaving.
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        # A client of its own: the one that reads the log waits long for a server that is away.
        with self._invoked.hasty_client() as client:
            while not self._stopped.is_set():
                try:
                    self.job, self.trouble = client.get(self._job_id), False
                except TrainshedError:
                    self.trouble = True
                self._stopped.wait(_ASK_EACH_S)


def _how_far(progress: Progress) -> str:
    parts = [f"{progress.fraction:4.0%}"]
    if progress.epoch is not None:
        parts.append(f"epoch {_of(progress.epoch, progress.epochs)}")
    if progress.step is not None:
        parts.append(f"step {_of(progress.step, progress.steps)}")
    if progress.eta_s is not None:
        parts.append(f"ETA {duration(progress.eta_s)}")
    return "  ".join(parts)


def _of(count: int, total: int | None) -> str:
    return str(count) if total is None else f"{count}/{total}"


def _waiting(job: Job) -> str:
    if job.state.is_terminal or job.reason == job.state:
        return ""
    place = f", number {job.queue_position} in its pool" if job.queue_position else ""
    return printable(f"{job.reason.replace('_', ' ')}{place}")


def _metrics(job: Job) -> str:
    """Show what tells most first: a line has room for a few."""
    latest = sorted(job.latest_metrics.items(), key=lambda item: ("seconds" in item[0], "val" not in item[0], item[0]))
    return "  ".join(f"{printable(name)} {value:.4g}" for name, value in latest[:_METRICS])
