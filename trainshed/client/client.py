"""The client of the REST API."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from trainshed.client.documents import SpecInput, body_of
from trainshed.client.download import download, local_path
from trainshed.client.events import EventReader
from trainshed.client.logs import LogReader
from trainshed.client.patience import Patience
from trainshed.client.transport import API, Call, Transport, read
from trainshed.config import Server, find_server
from trainshed.errors import JobFailed, NotFound, UnexpectedAnswer, WaitTimedOut
from trainshed.states import JobState
from trainshed.wire import (
    Artifact,
    ArtifactList,
    Event,
    Job,
    JobPage,
    JobSummary,
    Metrics,
    MetricSeries,
    Readiness,
    Version,
    Worker,
    WorkerList,
)

_LONG_POLL_S: Final = 30.0
_PAGE: Final = 50
_POINTS: Final = 10_000
_ID: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


class Client:
    """Talks to a Trainshed server.

        with Client() as client:
            job = client.submit({"kind": "command", "name": "hello", "command": ["echo", "hello"]})
            for chunk in client.logs(job.id, follow=True):
                print(chunk.decode(errors="replace"), end="")
            job = client.wait(job.id, raise_on_failure=True)

    Without arguments it finds its server as `trainshed.config` says: TRAINSHED_URL and TRAINSHED_TOKEN, or the
    `.trainshed/` folder of a local server. Reads and submits are repeated while the server does not answer, as
    `patience` says; a cancel is sent once. All methods raise `trainshed.errors.TrainshedError`: what the server
    answered, `Unreachable`, or `UnexpectedAnswer`. One client may be used by several threads.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout_s: float = 10.0,
        patience: Patience | None = None,
    ) -> None:
        """`timeout_s` bounds each silence of the server. Raises `NotConfigured` when no server is known."""
        self.server: Server = find_server(url, token, environ=os.environ, cwd=Path.cwd())
        self._transport = Transport(self.server, timeout_s=timeout_s, patience=patience or Patience())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections. The client cannot be used afterwards."""
        self._transport.close()

    def submit(self, spec: SpecInput, *, idempotency_key: str | None = None) -> Job:
        """Submit a job: a spec object, a mapping, YAML text, or the path of a file.

            job = client.submit(Path("job.yaml"))

        A lost answer is no lost job and no second one: the request carries a key under which the server knows it again.
        Name your own `idempotency_key` to make that hold over several calls. Raises `InvalidSpec` with all errors.
        """
        content_type, body = body_of(spec)
        headers = {"Content-Type": content_type, "Idempotency-Key": idempotency_key or secrets.token_hex(16)}
        return read(self._transport.send_repeatedly(Call("POST", f"{API}/jobs", headers=headers, content=body)), Job)

    def run(self, spec: SpecInput, *, timeout_s: float | None = None) -> Job:
        """Submit a job, wait until it has succeeded, and return it. Raises `JobFailed`, `WaitTimedOut`.

        print(client.run(spec).latest_metrics["accuracy"])
        """
        return self.wait(self.submit(spec).id, timeout_s=timeout_s, raise_on_failure=True)

    def get(self, job_id: str) -> Job:
        """Return a job. Raises `NotFound`."""
        return self._transport.get(_job(job_id), Job)

    def list(
        self,
        *,
        state: JobState | str | Iterable[JobState | str] = (),
        kind: str | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> Iterator[JobSummary]:
        """Yield jobs, newest first, page by page: all of them, or `limit`.

        for job in client.list(state=["queued", "running"], labels={"team": "vision"}):
            print(job.id, job.state)
        """
        states = [state] if isinstance(state, str) else [str(each) for each in state]
        wanted = [f"{key}={value}" for key, value in (labels or {}).items()]
        params = {"state": states or None, "kind": kind, "name": name, "label": wanted or None}
        left = limit
        cursor: str | None = None
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self._transport.get(f"{API}/jobs", JobPage, params={**params, "limit": size, "cursor": cursor})
            yield from page.items
            if page.next_cursor is None:
                return
            if page.next_cursor == cursor:
                raise UnexpectedAnswer("The list of jobs does not advance: the server gave the same cursor again.")
            cursor = page.next_cursor
            left = None if left is None else left - len(page.items)

    def wait(self, job_id: str, *, timeout_s: float | None = None, raise_on_failure: bool = False) -> Job:
        """Return the job as soon as it has ended in any way.

        Raises `WaitTimedOut` after `timeout_s`, and `JobFailed` if asked to when it did not succeed.
        """
        now, path = self._transport.patience.now, _job(job_id)
        deadline = None if timeout_s is None else now() + timeout_s
        while True:
            asked_at = now()
            wait_s = _LONG_POLL_S if deadline is None else max(0.0, min(_LONG_POLL_S, deadline - asked_at))
            call = Call("GET", path, {"wait": f"{wait_s:.3f}s"}, patience_s=wait_s)
            job = read(self._transport.send_repeatedly(call), Job)
            if job.state.is_terminal:
                return _checked(job) if raise_on_failure else job
            if deadline is not None and now() >= deadline:
                raise _timed_out(job, timeout_s)
            if now() - asked_at < wait_s / 2:  # a server that shuts down answers early; do not run in circles
                self._transport.patience.sleep(min(1.0, wait_s))

    def cancel(self, job_id: str) -> Job:
        """Ask for the end of a job and return it; a running one ends a little later. Raises `AlreadyFinished`."""
        return read(self._transport.send_once(Call("POST", f"{_job(job_id)}/cancel")), Job)

    def logs(
        self, job_id: str, *, attempt: int | None = None, follow: bool = False, tail: int | None = None
    ) -> Iterator[bytes]:
        """Yield what a job printed, as bytes: of one attempt, by default the latest, or its last `tail` lines.

        With `follow` it goes on, also to later attempts, until the job has ended and its last byte is there. A dropped
        connection leaves no gap and repeats nothing.
        """
        reader = LogReader(self._transport, _job(job_id), lambda: self.get(job_id))
        return reader.follow(attempt, tail) if follow else reader.read(attempt, tail)

    def metrics(
        self, job_id: str, *, series: str | Iterable[str] = (), since_step: int | None = None
    ) -> tuple[MetricSeries, ...]:
        """Return the named series, or all, from `since_step` on.

        {series.name: series.points[-1].value for series in client.metrics(job_id) if series.points}
        """
        names = [series] if isinstance(series, str) else [*series]
        first = self._points(job_id, names, since_step)
        return tuple(self._whole(job_id, one) for one in first)

    def _points(self, job_id: str, names: Sequence[str], since_step: int | None) -> tuple[MetricSeries, ...]:
        params = {"series": names or None, "since_step": since_step, "limit": _POINTS}
        return self._transport.get(f"{_job(job_id)}/metrics", Metrics, params=params).series

    def _whole(self, job_id: str, begun: MetricSeries) -> MetricSeries:
        """Return the series with what did not fit in one answer."""
        points, latest = list(begun.points), begun.points
        while len(latest) == _POINTS:
            more = self._points(job_id, [begun.name], latest[-1].step + 1)
            latest = more[0].points if more else ()
            points.extend(latest)
        return MetricSeries(name=begun.name, points=tuple(points))

    def events(self, job_id: str, *, follow: bool = False) -> Iterator[Event]:
        """Yield what happened to a job. With `follow` it goes on until the job has ended; each event comes once."""
        reader = EventReader(self._transport, _job(job_id))
        return reader.follow() if follow else reader.read()

    def artifacts(self, job_id: str) -> tuple[Artifact, ...]:
        """Return the files that a job made."""
        return self._transport.get(f"{_job(job_id)}/artifacts", ArtifactList).items

    def download(self, job_id: str, path: str, to: Path | str) -> Path:
        """Write the artifact `path` to the file `to`, or below it when it is a folder; return the file.

        It appears whole and with the right SHA-256, or not at all.

            client.download(job.id, "model.keras", "models/")
        """
        target = Path(to)
        if target.is_dir() or str(to).endswith("/"):
            target = local_path(target, path)
        download(self._transport, _job(job_id), path, target)
        return target

    def workers(self) -> tuple[Worker, ...]:
        """Return the workers that the server knows."""
        return self._transport.get(f"{API}/workers", WorkerList).items

    def health(self) -> Readiness:
        """Return whether the server can do its work, and what is wrong if not. Needs no key; asks once."""
        return read(self._transport.send_once(Call("GET", "/readyz", accepts=frozenset({503}))), Readiness)

    def version(self) -> Version:
        """Return the version of the server. Needs no key."""
        return self._transport.get("/version", Version)


def _job(job_id: str) -> str:
    """Return the address of a job. What cannot be an identifier never becomes a part of an address."""
    if not _ID.fullmatch(job_id):
        raise NotFound(f"{job_id!r} is no identifier of a job.")
    return f"{API}/jobs/{job_id}"


def _checked(job: Job) -> Job:
    if job.state is JobState.SUCCEEDED:
        return job
    raise JobFailed(
        f"Job {job.id} ({job.name}) ended {job.state}: {job.message or job.reason}",
        facts={"job_id": job.id, "state": job.state.value, "reason": job.reason},
        remedy=f"Read its log: trainshed job logs {job.id}",
    )


def _timed_out(job: Job, timeout_s: float | None) -> WaitTimedOut:
    return WaitTimedOut(
        f"Job {job.id} ({job.name}) is still {job.state} after {timeout_s:g} s.",
        facts={"job_id": job.id, "state": job.state.value},
    )
