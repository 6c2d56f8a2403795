"""Request and response bodies of the REST API, as both sides see them.

A client ignores fields it does not know, so that an old client works with a new server. Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from trainshed.states import AttemptOutcome, JobState


class WireModel(BaseModel):
    """Base of all bodies."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Problem(WireModel):
    """An error, after RFC 9457 (`application/problem+json`)."""

    type: str
    """Address of the description of this kind of error."""
    title: str
    status: int
    detail: str
    code: str
    """Stable name of the kind of error; see `trainshed.errors`."""
    remedy: str = ""
    """What to do next."""
    errors: tuple[ProblemField, ...] = ()
    request_id: str = ""
    """Quote it when you report the error; the server's log has the same one."""
    facts: dict[str, Any] = {}


class ProblemField(WireModel):
    """One field with an error."""

    path: str
    message: str
    value: Any = None
    allowed: str | None = None
    suggestion: str | None = None


class Progress(WireModel):
    """How far an attempt has come."""

    fraction: float
    """From 0 to 1."""
    epoch: int | None = None
    epochs: int | None = None
    step: int | None = None
    steps: int | None = None
    eta_s: float | None = None
    """Seconds that are left, by the pace so far."""


class JobRef(WireModel):
    """A job that a batch made."""

    id: str
    name: str
    state: JobState


class JobBatch(WireModel):
    """Answer to a batch, in the order of its specs."""

    items: tuple[JobRef, ...]


class Attempt(WireModel):
    """One execution of a job."""

    number: int
    outcome: AttemptOutcome
    message: str
    worker: str
    """Identifier of the worker that ran it."""
    worker_name: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    signal: int | None
    charged: bool
    """Whether it used up retry budget."""
    log_bytes: int
    cpu_s: float | None
    max_memory_bytes: int | None
    facts: dict[str, Any]
    """What the attempt recorded of its environment: threads, sandbox, versions, time of each step of its start."""


class JobSummary(WireModel):
    """A job as lists show it."""

    id: str
    name: str
    kind: str
    project: str
    state: JobState
    reason: str
    message: str
    labels: dict[str, str]
    priority: int
    pool: str
    attempt: int
    """Number of the latest attempt; 0 before the first."""
    progress: Progress | None
    created_at: datetime
    started_at: datetime | None
    """Start of the first attempt."""
    finished_at: datetime | None


class Job(JobSummary):
    """A job in full."""

    spec: dict[str, Any]
    """The spec with all defaults filled in."""
    depends_on: tuple[str, ...]
    request: Literal["cancel", "pause", "preempt"] | None
    """What a running job has been asked to do."""
    not_before: datetime | None
    """Earliest start of the next attempt, while one waits."""
    retry_of: str | None
    held: bool = False
    """Whether it waits for a release by hand."""
    queue_position: int | None = None
    """1: next in its pool. None: it does not wait there, or too many are ahead to be counted at once."""
    latest_metrics: dict[str, float]
    """Latest value of each series."""
    attempts: tuple[Attempt, ...]


class JobPage(WireModel):
    """One page of a list. `next_cursor` is None on the last one."""

    items: tuple[JobSummary, ...]
    next_cursor: str | None


class Event(WireModel):
    """One thing that happened to a job. `seq` counts from 1 without gaps."""

    job_id: str
    seq: int
    type: str
    """The move (`submit`, `claim`, `release`, `finish`, ...) or `cancel_requested`."""
    state: JobState
    """State of the job after it."""
    reason: str
    message: str
    actor: str
    """`user`, `worker` or `reconciler`."""
    cause: str
    """Identifier of the API key, worker or reconciler."""
    attempt: int
    at: datetime


class MetricPoint(WireModel):
    step: int
    value: float
    at: datetime


class MetricSeries(WireModel):
    """One series of numbers, ordered by step."""

    name: str
    points: tuple[MetricPoint, ...]


class Metrics(WireModel):
    series: tuple[MetricSeries, ...]


class Artifact(WireModel):
    """A file that a job made."""

    path: str
    size: int
    """Bytes."""
    sha256: str
    media_type: str
    attempt: int
    created_at: datetime


class ArtifactList(WireModel):
    items: tuple[Artifact, ...]


class EventList(WireModel):
    items: tuple[Event, ...]


class Worker(WireModel):
    """A worker process."""

    id: str
    name: str
    host: str
    pool: str
    state: Literal["active", "draining", "gone"]
    slots: int
    busy: int
    cpus: float
    memory_bytes: int
    gpus: int
    drain: bool = False
    """Whether it was asked to take no new job."""
    sandbox: str
    """What it isolates jobs with, for example `landlock:7+netns`; `none` when it cannot."""
    runs_commands: bool
    """Whether it takes `command` jobs."""
    versions: dict[str, str]
    started_at: datetime
    last_seen_at: datetime


class WorkerList(WireModel):
    items: tuple[Worker, ...]


class Readiness(WireModel):
    """Answer of /readyz. `ready` is what decides the status: 200 or 503."""

    ready: bool
    checks: dict[str, str]
    """`ok`, or what is wrong, by part."""


class Version(WireModel):
    version: str
    api: str


class Token(WireModel):
    """An API key, without its secret."""

    id: str
    name: str
    role: Literal["viewer", "operator", "admin"]
    scopes: tuple[str, ...] | None
    """What it may do at most; None: all that its role allows."""
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""


class NewToken(Token):
    """A token at its making: the one time that its key is shown."""

    key: str


class TokenList(WireModel):
    items: tuple[Token, ...]


class Whoami(WireModel):
    """Whom the server takes the sender of the request for."""

    project: str
    key_id: str
    role: Literal["viewer", "operator", "admin"]
    scopes: tuple[str, ...] | None


class DatasetVersion(WireModel):
    """One file of a dataset, as it was uploaded or a job made it. It never changes."""

    dataset: str
    """Name of the dataset."""
    version: int
    """Counts from 1; the number of a deleted version is not used again."""
    ref: str
    """How a spec names it, for example `faces@2`."""
    sha256: str
    size: int
    """Bytes."""
    filename: str
    """As it was uploaded."""
    created_by: str
    """Identifier of the API key that uploaded it."""
    created_at: datetime
    profile_job: str | None
    """The job that looks into it. None: nobody asked for one."""
    profile: dict[str, Any] | None
    """What that job found: the content of its `profile.json`. None until it has succeeded, and in lists of versions."""
    made_by: str | None = None
    """The preprocess job that made it. None: it was uploaded."""
    lineage: dict[str, Any] | None = None
    """What that job made it of: `source` (dataset and SHA-256, or path), `preprocess` (steps), `steps_sha256`, `split`
    and `clean`. None in lists of versions."""


class Dataset(WireModel):
    """A name under which versions of data are kept."""

    id: str
    name: str
    created_at: datetime
    latest: DatasetVersion | None
    """The newest version. None: all were deleted."""


class DatasetDetails(Dataset):
    """A dataset with all its versions, newest first."""

    versions: tuple[DatasetVersion, ...]


class DatasetPage(WireModel):
    """One page of a list. `next_cursor` is None on the last one."""

    items: tuple[Dataset, ...]
    next_cursor: str | None


class Upload(WireModel):
    """A file that arrives in parts, to become a version of a dataset."""

    id: str
    dataset: str
    filename: str
    size: int
    """Bytes of the whole."""
    sha256: str
    """What the whole is announced to be."""
    part_size: int
    """Bytes of each part but the last, which has the rest."""
    part_count: int
    """How many parts make the whole; their numbers count from 1."""
    parts: tuple[int, ...]
    """Numbers of the parts that are there, in order."""
    missing: int
    """How many parts are not there yet."""
    created_at: datetime
    expires_at: datetime
    """A part that comes puts it off."""


class RetentionPolicy(WireModel):
    """How long a project keeps what its finished jobs left. None: for ever. Ages count from a job's end, in seconds."""

    jobs_age_s: float | None
    """Finished jobs older than this are deleted, with all that belongs to them."""
    jobs_count: int | None
    """Of the finished jobs so many of the latest are kept."""
    logs_age_s: float | None
    logs_count: int | None
    """Logs are kept of so many of the latest finished jobs."""
    artifacts_age_s: float | None
    artifacts_count: int | None
    """Artifacts are kept of so many of the latest finished jobs."""
    updated_at: datetime | None
    """None: the project has never had a policy, or the policy was only tried."""


class RetentionCut(WireModel):
    """What a policy removes of one kind."""

    jobs: int
    """How many jobs it concerns."""
    bytes: int
    """Size of what goes. Content that something else names too stays in the store."""
    job_ids: tuple[str, ...]
    """The first of these jobs, oldest end first."""
    more: bool
    """Whether there is more than was counted."""


class RetentionReport(WireModel):
    """What a policy would remove now. Jobs and artifacts that an unfinished job needs stay."""

    policy: RetentionPolicy
    jobs: RetentionCut
    """Jobs with all that belongs to them."""
    logs: RetentionCut
    """Logs of jobs that stay."""
    artifacts: RetentionCut
    """Artifacts of jobs that stay."""


class ProjectEvents(WireModel):
    """Events of all jobs of a project, in the order of commits."""

    items: tuple[Event, ...]
    next_cursor: str
    """Where to go on, now or later: the `after` of the next request. Fewer items than asked for are no end."""
