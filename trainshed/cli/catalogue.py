"""All commands: where each is, and the first sentence of its help. Nothing here is loaded before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trainshed.cli.lazy import Entry, Imported, Noun, Verb

_JOB: Final = {
    "submit": Verb("job.submit:submit", "Submit jobs from specs."),
    "run": Verb("job.submit:run", "Run a program as a job: trainshed job run -f -- python train.py --epochs 3"),
    "list": Verb("job.show:list_jobs", "List jobs, newest first."),
    "get": Verb("job.show:get", "Show one job."),
    "explain": Verb("job.explain:explain", "Say why a job waits, was retried or failed, and what would move it on."),
    "logs": Verb("job.logs:logs", "Print what a job printed."),
    "metrics": Verb("job.show:metrics", "Show the metrics of a job: one line a series, or every point of those named."),
    "compare": Verb(
        "job.compare:compare",
        "Set jobs side by side: how they ended, their latest metrics, and the fields of their specs that differ.",
    ),
    "diff": Verb("job.compare:diff", "Show the fields in which the specs of two jobs differ."),
    "events": Verb("job.show:events", "Show what happened to a job."),
    "wait": Verb("job.logs:wait", "Wait until jobs have ended in any way, and exit as they did."),
    "cancel": Verb("job.control:cancel", "Cancel jobs."),
    "hold": Verb("job.control:hold", "Keep waiting jobs from starting until they are released."),
    "release": Verb("job.control:release", "Release jobs that are held."),
    "pause": Verb("job.control:pause", "Have jobs keep their state and stop until they are resumed."),
    "resume": Verb("job.control:resume", "Let paused or held jobs go on."),
    "retry": Verb("job.again:retry", "Run finished jobs again, as new jobs with the same spec."),
    "clone": Verb("job.again:clone", "Make a new job with the spec of another, changed with --set."),
    "edit": Verb("job.control:edit", "Change priority and labels of a job."),
    "delete": Verb("job.control:delete", "Delete finished jobs with their logs, metrics and artifacts."),
    "artifacts": Verb("job.files:artifacts", "List the files that a job made."),
    "download": Verb("job.files:download", "Fetch files that a job made."),
    "upload": Verb("job.files:upload", "Add a file to a job."),
}
_DATASET: Final = {
    "list": Verb("dataset:list_datasets", "List datasets, each with its newest version."),
    "get": Verb("dataset:get", "Show a dataset with its versions, or one version: faces@2"),
    "upload": Verb("dataset:upload", "Make a file or a folder the newest version of a dataset."),
    "download": Verb("dataset:download", "Fetch a version of a dataset: faces@2, or faces for the newest."),
    "delete": Verb("dataset:delete", "Delete a version of a dataset, faces@2, or all of it, faces."),
    "profile": Verb("dataset:profile", "Show what the platform found in a version of a dataset."),
    "preview": Verb("dataset:preview", "Show the first rows of a table."),
}
_WORKER: Final = {
    "list": Verb("worker:list_workers", "List workers: their room, and when they were last seen."),
    "drain": Verb("worker:drain", "Let workers take no new job; they go on with those they have."),
    "resume": Verb("worker:resume", "Let drained workers take jobs again."),
}
_TOKEN: Final = {
    "list": Verb("tokens:list_tokens", "List the tokens of the project, without their keys."),
    "create": Verb("tokens:create", "Make a token. Its key is shown this once; with -q it alone is printed."),
    "rotate": Verb("tokens:rotate", "Make a token in the place of another. Its key is shown this once."),
    "revoke": Verb("tokens:revoke", "End tokens. Whoever uses them is refused within a second."),
}
_CONTEXT: Final = {
    "list": Verb("contexts:list_all", "List the servers that are known by name."),
    "use": Verb("contexts:use", "Talk to this server from now on."),
    "add": Verb("contexts:add", "Keep a server with its key under a name."),
    "remove": Verb("contexts:remove", "Forget a server and its key."),
    "show": Verb("contexts:show", "Show which server commands talk to from here, and why."),
}
_RETENTION: Final = {
    "get": Verb("retention:get", "Show how long the project keeps jobs, logs and artifacts."),
    "set": Verb("retention:set_policy", "Change how long the project keeps jobs, logs and artifacts."),
    "dry-run": Verb("retention:dry_run", "Show what the policy, or a changed one, would remove now."),
}
_SPEC: Final = {
    "check": Verb("spec:check", "Say everything that is wrong with a spec."),
    "schema": Verb("spec:schema", "Print the JSON Schema of job specs, for editors and other programs."),
}

COMMANDS: Final[Mapping[str, Entry]] = {
    "job": Noun("Submit jobs and follow them.", _JOB),
    "dataset": Noun("Data that jobs read, version by version.", _DATASET),
    "worker": Noun("The workers that run jobs.", _WORKER),
    "token": Noun("Keys of the API.", _TOKEN),
    "retention": Noun("How long jobs, logs and artifacts are kept.", _RETENTION),
    "context": Noun("Servers by name, and which one to talk to.", _CONTEXT),
    "spec": Noun("Job specs, without a server.", _SPEC),
    "admin": Imported("admin:app", "Look after an installation: check it, collect garbage."),
    "events": Verb("events:events", "Show what happens to all jobs of the project."),
    "tensorboard": Verb(
        "tensorboard:tensorboard",
        "Fetch the event files of jobs and open them in TensorBoard, which must be installed here.",
    ),
    "up": Verb("server:up", "Start a server, a worker and a broker on this machine.", passes_on=True),
    "doctor": Verb("doctor:doctor", "Look for what is wrong, here and on the server, and say how to mend it."),
    "whoami": Verb("server:whoami", "Show whom the server takes you for."),
    "version": Verb("server:version", "Print the version."),
}
"""In the order of the help."""
