"""A job that knows its client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import ConfigDict, PrivateAttr

from trainshed import wire
from trainshed.client.notebook import job_html
from trainshed.client.table import MetricTable
from trainshed.errors import InvalidRequest, NotConfigured

if TYPE_CHECKING:  # the client makes jobs, and each of them refers to it
    from trainshed.client.jobs import JobCalls
    from trainshed.explanation import Explanation


class Job(wire.Job):
    """A job as it was when the server was asked, with the calls that concern it.

        job = client.submit({"kind": "command", "name": "hello", "command": ["echo", "hello"]})
        job = job.wait(timeout_s=60)
        print(job.state, b"".join(job.logs()).decode())

    It does not change by itself: `refresh` and `wait` return a new one. It equals a `wire.Job` with the same fields,
    and is written as JSON like one. A copy that was pickled has no client any more.
    """

    # Reading docstrings from the source takes time at each import, and this class is in no description of the API.
    model_config = ConfigDict(use_attribute_docstrings=False)

    _client: JobCalls | None = PrivateAttr(default=None)
    _etag: str | None = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, wire.Job) and self.__dict__ == other.__dict__

    __hash__ = wire.Job.__hash__

    def __repr__(self) -> str:
        progress = f", {self.progress.fraction:.0%}" if self.progress else ""
        return f"<Job {self.id} {self.name!r} {self.kind} {self.state.value}{progress}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return job_html(self)

    def __getstate__(self) -> dict[Any, Any]:
        return {**super().__getstate__(), "__pydantic_private__": {"_client": None, "_etag": self._etag}}

    @property
    def etag(self) -> str:
        """The version of the job, for `Client.update(..., if_match=job.etag)`.

        Raises `InvalidRequest` when it is not known: answers to a submit and to a cancel carry none. None in its place
        would stand for no condition at all.
        """
        if self._etag is None:
            raise InvalidRequest("The version of this job is not known.", remedy="Ask for it: job.refresh().etag")
        return self._etag

    def bind(self, client: JobCalls, *, etag: str | None = None) -> Self:
        """Make `client` the one that this job's calls go through, and return the job."""
        self._client, self._etag = client, etag
        return self

    def refresh(self) -> Job:
        """Return the job as it is now."""
        return self._calls.get(self.id)

    def wait(self, timeout_s: float | None = None, *, raise_on_failure: bool = False) -> Job:
        """Return the job as it ended, as `Client.wait`. Raises `WaitTimedOut`, and `JobFailed` if asked to."""
        return self._calls.wait(self.id, timeout_s=timeout_s, raise_on_failure=raise_on_failure)

    def explain(self) -> Explanation:
        """Return why the job waits, was retried or failed, as `Client.explain`."""
        return self._calls.explain(self.id)

    def logs(
        self, follow: bool = True, *, attempt: int | None = None, tail: int | None = None, since: str | None = None
    ) -> Iterator[bytes]:
        """Yield what the job printed, to its end, as `Client.logs`; with `follow=False`, what there is now."""
        return self._calls.logs(self.id, attempt=attempt, follow=follow, tail=tail, since=since)

    def metrics(
        self, series: str | Iterable[str] = (), *, since_step: int | None = None, points: int | None = None
    ) -> MetricTable:
        """Return the named series of numbers, or all, as `Client.metrics`."""
        return self._calls.metrics(self.id, series=series, since_step=since_step, points=points)

    def events(self, *, follow: bool = False) -> Iterator[wire.Event]:
        """Yield what happened to the job, as `Client.events`."""
        return self._calls.events(self.id, follow=follow)

    def artifacts(self, *, prefix: str | None = None) -> tuple[wire.Artifact, ...]:
        """Return the files that the job made."""
        return self._calls.artifacts(self.id, prefix=prefix)

    def download(self, path: str, to: Path | str) -> Path:
        """Write the artifact `path` to `to` and return the file, as `Client.download`."""
        return self._calls.download(self.id, path, to)

    def cancel(self) -> Job:
        """Ask for the end of the job. Raises `AlreadyFinished`."""
        return self._calls.cancel(self.id)

    def pause(self) -> Job:
        """Have the job keep its state and stop until it is resumed, as `Client.pause`."""
        return self._calls.pause(self.id)

    def resume(self) -> Job:
        """Let the job go on, as `Client.resume`."""
        return self._calls.resume(self.id)

    def retry(self, *, idempotency_key: str | None = None) -> Job:
        """Return a new job with the same spec. Raises `NotFinished`."""
        return self._calls.retry(self.id, idempotency_key=idempotency_key)

    def clone(self, changes: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None) -> Job:
        """Return a new job with the spec of this one, changed as `Client.clone` says."""
        return self._calls.clone(self.id, changes, idempotency_key=idempotency_key)

    @property
    def _calls(self) -> JobCalls:
        if self._client is None:
            raise NotConfigured("This job has no client.", remedy="Ask a client for it: client.get(job.id).")
        return self._client
