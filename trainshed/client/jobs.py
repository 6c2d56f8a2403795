"""Calls that make, find and change jobs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import httpx2

from trainshed import wire
from trainshed.client.addresses import API, job_path
from trainshed.client.batches import submit_batches
from trainshed.client.documents import SpecInput, body_of, json_of
from trainshed.client.job import Job
from trainshed.client.pages import read_pages
from trainshed.client.results import ResultCalls
from trainshed.client.times import moment
from trainshed.client.transport import Call, Params, read
from trainshed.errors import InvalidRequest, JobFailed, WaitTimedOut
from trainshed.explanation import Explanation
from trainshed.states import JobState

_JOBS: Final = f"{API}/jobs"
_LONG_POLL_S: Final = 30.0
_MERGE_PATCH: Final = "application/merge-patch+json"


class JobCalls(ResultCalls):
    """Jobs: from the submit to the end."""

    def submit(self, spec: SpecInput, *, idempotency_key: str | None = None) -> Job:
        """Submit a job: a spec object, a mapping, YAML text, or the path of a file.

            job = client.submit({"kind": "command", "name": "hello", "command": ["echo", "hello"]})
            print(job.id, job.state)

        A lost answer is no lost job and no second one: the request carries a key under which the server knows it again.
        Name your own `idempotency_key` to make that hold over several calls. Raises `InvalidSpec` with all errors.
        """
        content_type, body = body_of(spec)
        return self._make(_JOBS, content_type, body, idempotency_key)

    def check(self, spec: SpecInput) -> wire.Job:
        """Return the job that a submit of `spec` would make, with all defaults, and make none: it has no identifier.

            print(client.check({"kind": "command", "name": "hello", "command": ["true"]}).spec["timeout"])

        Raises what the submit would raise: `InvalidSpec`, `NothingFits`.
        """
        content_type, body = body_of(spec)
        call = Call("POST", _JOBS, {"dry_run": "true"}, {"Content-Type": content_type}, body)
        # Nothing is stored, so to repeat it does no harm.
        return read(self._transport.send_repeatedly(call), wire.Job)

    def submit_many(self, specs: Iterable[SpecInput], *, idempotency_key: str | None = None) -> tuple[wire.JobRef, ...]:
        """Submit any number of jobs, in batches of up to 1,000, and return them in the order of the specs.

            specs = [{"kind": "command", "name": f"hello-{n}", "command": ["echo", str(n)]} for n in range(3)]
            for made in client.submit_many(specs):
                print(made.id, made.state)

        Each batch is stored as a whole or not at all, and has a key of its own, derived from `idempotency_key`. Where a
        later batch is refused the earlier ones stay (`error.facts["accepted"]` says how many jobs they hold); the same
        call with the same key then adds what is missing and doubles nothing. Errors name the place among all the specs:
        `jobs[1003].training.epochs`.
        """
        return submit_batches(self._transport, specs, idempotency_key or secrets.token_hex(16))

    def run(self, spec: SpecInput, *, timeout_s: float | None = None) -> Job:
        """Submit a job, wait until it has succeeded, and return it.

            job = client.run({"kind": "command", "name": "hello", "command": ["echo", "hello"]}, timeout_s=60)
            print(job.state, job.latest_metrics)

        Raises `JobFailed`, and `WaitTimedOut` after `timeout_s`.
        """
        return self.wait(self.submit(spec).id, timeout_s=timeout_s, raise_on_failure=True)

    def get(self, job_id: str) -> Job:
        """Return a job as it is now.

            print(client.get(job.id).state)

        Raises `NotFound`.
        """
        return self._job(self._transport.send_repeatedly(Call("GET", job_path(job_id))))

    def list(
        self,
        *,
        state: JobState | str | Iterable[JobState | str] = (),
        kind: str | Iterable[str] | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        text: str | None = None,
        id_prefix: str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
    ) -> Iterator[wire.JobSummary]:
        """Yield jobs, newest first, page by page: all of them, or `limit`.

            for job in client.list(state=["queued", "running"], labels={"team": "vision"}, limit=100):
                print(job.id, job.state)

        `text` is looked for in names and labels. `sort` is `created`, `finished` or `name`, with a `-` before it for
        descending. A time without a zone is local.
        """
        wanted = [f"{key}={value}" for key, value in (labels or {}).items()]
        params: Params = {
            "state": _several(state),
            "kind": _several(kind or ()),
            "name": name,
            "label": wanted or None,
            "text": text,
            "id_prefix": id_prefix,
            "created_after": moment(created_after),
            "created_before": moment(created_before),
            "sort": sort,
        }
        for page in read_pages(self._transport, _JOBS, wire.JobPage, params=params, limit=limit):
            yield from page.items

    def wait(self, job_id: str, *, timeout_s: float | None = None, raise_on_failure: bool = False) -> Job:
        """Return the job as soon as it has ended in any way.

            job = client.submit({"kind": "command", "name": "hello", "command": ["echo", "hello"]})
            print(client.wait(job.id, timeout_s=60).state)

        Raises `WaitTimedOut` after `timeout_s`, and `JobFailed` if asked to when it did not succeed.
        """
        now, path = self._transport.patience.now, job_path(job_id)
        deadline = None if timeout_s is None else now() + timeout_s
        while True:
            asked_at = now()
            wait_s = _LONG_POLL_S if deadline is None else max(0.0, min(_LONG_POLL_S, deadline - asked_at))
            call = Call("GET", path, {"wait": f"{wait_s:.3f}s"}, patience_s=wait_s)
            job = self._job(self._transport.send_repeatedly(call))
            if job.state.is_terminal:
                return _checked(job) if raise_on_failure else job
            if deadline is not None and now() >= deadline:
                raise _timed_out(job, timeout_s)
            if now() - asked_at < wait_s / 2:  # a server that shuts down answers early; do not run in circles
                self._transport.patience.sleep(min(1.0, wait_s))

    def explain(self, job_id: str) -> Explanation:
        """Return why a job waits, was retried or failed, rule by rule, and what would move it on.

            explained = client.explain(waiting.id)
            print(explained.summary)
            for rule in explained.rules:
                print(rule.name, rule.holds, rule.message)

        Raises `NotFound`.
        """
        return self._transport.get(f"{job_path(job_id)}/explain", Explanation)

    def cancel(self, job_id: str) -> Job:
        """Ask for the end of a job and return it; a running one ends a little later.

            job = client.submit({"kind": "command", "name": "long", "command": ["sleep", "600"]})
            client.cancel(job.id)

        Raises `AlreadyFinished`. It is sent once: after a lost answer a second one could be told that the job has
        finished, which says nothing.
        """
        return self._job(self._transport.send_once(Call("POST", f"{job_path(job_id)}/cancel")))

    def update(
        self,
        job_id: str,
        *,
        labels: Mapping[str, str | None] | None = None,
        priority: int | None = None,
        hold: bool | None = None,
        if_match: str | None = None,
    ) -> Job:
        """Change labels, priority or hold of a job and return it. What is None stays as it is.

            waiting = client.update(waiting.id, labels={"team": "vision", "draft": None}, priority=10)
            client.update(waiting.id, hold=True, if_match=waiting.etag)

        Labels are merged, and None as a value removes one. With `if_match` nothing changes unless the job is still that
        version: `PreconditionFailed`. Raises `Conflict` for priority and hold of a job that runs or has finished. It is
        sent once: somebody may have changed the job again since, and a second one would undo that.
        """
        changes = {"labels": labels and dict(labels), "priority": priority, "hold": hold}
        present = {name: value for name, value in changes.items() if value is not None}
        if not present:
            raise InvalidRequest("There is nothing to change.", remedy="Name labels, priority or hold.")
        headers = {"Content-Type": "application/json"} | ({"If-Match": if_match} if if_match else {})
        return self._job(
            self._transport.send_once(Call("PATCH", job_path(job_id), headers=headers, content=json_of(present)))
        )

    def hold(self, job_id: str) -> Job:
        """Let a waiting job wait until it is released.

            client.hold(waiting.id)
            client.release(waiting.id)

        Raises `Conflict` once it runs or has finished.
        """
        # The contract says that to repeat it does no harm.
        return self._job(self._transport.send_repeatedly(Call("POST", f"{job_path(job_id)}/hold")))

    def release(self, job_id: str) -> Job:
        """Release a job that is held.

            print(client.release(waiting.id).held)

        Raises `Conflict` once it runs or has finished.
        """
        # As hold.
        return self._job(self._transport.send_repeatedly(Call("POST", f"{job_path(job_id)}/release")))

    def pause(self, job_id: str) -> Job:
        """Have a running job keep its state and stop, or hold a waiting one, until it is resumed.

            client.pause(waiting.id)
            client.resume(waiting.id)

        A training goes on where it stopped; a program begins again. Raises `AlreadyFinished`.
        """
        # As hold.
        return self._job(self._transport.send_repeatedly(Call("POST", f"{job_path(job_id)}/pause")))

    def resume(self, job_id: str) -> Job:
        """Let a paused or held job go on.

            print(client.resume(waiting.id).state)

        Raises `AlreadyFinished`, and `Conflict` while it is still being paused.
        """
        # As hold.
        return self._job(self._transport.send_repeatedly(Call("POST", f"{job_path(job_id)}/resume")))

    def retry(self, job_id: str, *, idempotency_key: str | None = None) -> Job:
        """Make a new job with the spec of one that has finished.

            again = client.retry(job.id)
            print(again.id, again.retry_of)

        Raises `NotFinished`.
        """
        return self._make(f"{job_path(job_id)}/retry", None, None, idempotency_key)

    def clone(
        self, job_id: str, changes: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
    ) -> Job:
        """Make a new job with the spec of another, changed by a JSON merge patch (RFC 7396): None removes a key.

            copy = client.clone(job.id, {"name": "hello-again", "command": ["echo", "hello again"]})
            print(copy.name)

        Raises `InvalidSpec` when the changed spec has errors.
        """
        if changes is None:
            return self._make(f"{job_path(job_id)}/clone", None, None, idempotency_key)
        return self._make(f"{job_path(job_id)}/clone", _MERGE_PATCH, json_of(dict(changes)), idempotency_key)

    def delete(self, job_id: str) -> None:
        """Delete a finished job with its logs, metrics and artifacts.

            client.delete(job.id)

        Raises `NotFinished`, `InUse`. It is sent once: after a lost answer a second one could not tell "deleted" from
        "never was there".
        """
        self._transport.send_once(Call("DELETE", job_path(job_id)))

    def _make(self, path: str, content_type: str | None, body: bytes | None, key: str | None) -> Job:
        """Make a job. The key makes it safe to repeat the request."""
        headers = {"Idempotency-Key": key or secrets.token_hex(16)}
        if content_type is not None:
            headers["Content-Type"] = content_type
        return self._job(self._transport.send_repeatedly(Call("POST", path, headers=headers, content=body)))

    def _job(self, response: httpx2.Response) -> Job:
        return read(response, Job).bind(self, etag=response.headers.get("etag"))


def _several(values: str | Iterable[str]) -> list[str] | None:
    return ([values] if isinstance(values, str) else [str(each) for each in values]) or None


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
