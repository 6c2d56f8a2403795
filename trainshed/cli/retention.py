"""`trainshed retention`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from trainshed.cli.cells import duration, size
from trainshed.cli.invocation import Invocation, invocation
from trainshed.cli.messages import note
from trainshed.cli.options import Yes, confirm
from trainshed.cli.output import Column, View, print_rows
from trainshed.cli.times import seconds

if TYPE_CHECKING:
    from trainshed.wire import RetentionCut, RetentionPolicy, RetentionReport

_KINDS: Final = ("jobs", "logs", "artifacts")
_FOR_EVER: Final = "forever"
Limits = dict[str, float | int | None]
"""What was said: only the fields to change."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long one kind of thing is kept. None: for ever."""

    kind: str
    age_s: float | None
    count: int | None


@dataclass(frozen=True, slots=True)
class Cut:
    """What would go of one kind."""

    kind: str
    cut: RetentionCut


POLICY: Final[View[Keeping]] = View(
    lambda row: row.kind,
    (
        Column("KEPT", lambda row: row.kind),
        Column(
            "AGE_S", lambda row: row.age_s, shown=lambda row: _FOR_EVER if row.age_s is None else duration(row.age_s)
        ),
        Column(
            "COUNT", lambda row: row.count, shown=lambda row: "all" if row.count is None else f"the latest {row.count}"
        ),
    ),
)
CUTS: Final[View[Cut]] = View(
    lambda row: row.kind,
    (
        Column("GOES", lambda row: row.kind),
        Column(
            "JOBS", lambda row: row.cut.jobs, shown=lambda row: f"{row.cut.jobs}{' or more' if row.cut.more else ''}"
        ),
        Column("BYTES", lambda row: row.cut.bytes, shown=lambda row: size(row.cut.bytes)),
        Column("FIRST", lambda row: ",".join(row.cut.job_ids[:3])),
        Column("MORE", lambda row: str(row.cut.more).lower(), wide=True),
    ),
)


def _age(text: str) -> float:
    """`inf` stands for ever on its way to the policy: None would be an option that was not given."""
    return float("inf") if text == _FOR_EVER else seconds(text)


def _count(text: str) -> float:
    if text == "all":
        return float("inf")
    if not (text.isascii() and text.isdigit()):
        raise typer.BadParameter(f"{text!r} is neither a number nor `all`")
    return float(text)


def _age_option(name: str, what: str) -> Any:
    return typer.Option(name, parser=_age, metavar="TIME", help=f"{what} like 30d, or forever.")


def _count_option(name: str, what: str) -> Any:
    return typer.Option(name, parser=_count, metavar="COUNT", help=f"{what} of the latest so many jobs, or all.")


JobsAge = Annotated[float | None, _age_option("--jobs-age", "Keep finished jobs for a time")]
JobsCount = Annotated[float | None, _count_option("--jobs-count", "Keep finished jobs:")]
LogsAge = Annotated[float | None, _age_option("--logs-age", "Keep logs for a time")]
LogsCount = Annotated[float | None, _count_option("--logs-count", "Keep logs")]
ArtifactsAge = Annotated[float | None, _age_option("--artifacts-age", "Keep artifacts for a time")]
ArtifactsCount = Annotated[float | None, _count_option("--artifacts-count", "Keep artifacts")]


def get(context: typer.Context) -> None:
    """Show how long the project keeps jobs, logs and artifacts."""
    invoked = invocation(context)
    with invoked.client() as client:
        _print_policy(invoked, client.retention())


def set_policy(
    context: typer.Context,
    jobs_age: JobsAge = None,
    jobs_count: JobsCount = None,
    logs_age: LogsAge = None,
    logs_count: LogsCount = None,
    artifacts_age: ArtifactsAge = None,
    artifacts_count: ArtifactsCount = None,
    yes: Yes = False,
) -> None:
    """Change how long the project keeps jobs, logs and artifacts.

    What is not named stays as it is. What the change would remove at once is shown and asked first.
    """
    invoked = invocation(context)
    said = _said(jobs_age, jobs_count, logs_age, logs_count, artifacts_age, artifacts_count)
    if not said:
        raise typer.BadParameter("there is nothing to change; name for example --logs-age 30d")
    with invoked.client() as client:
        policy = _fields(client.retention()) | said
        if not yes:
            note(_words(client.retention_dry_run(policy)))
        confirm("change the policy", yes=yes)
        _print_policy(invoked, client.set_retention(policy))


def dry_run(
    context: typer.Context,
    jobs_age: JobsAge = None,
    jobs_count: JobsCount = None,
    logs_age: LogsAge = None,
    logs_count: LogsCount = None,
    artifacts_age: ArtifactsAge = None,
    artifacts_count: ArtifactsCount = None,
) -> None:
    """Show what the policy, or a changed one, would remove now."""
    invoked = invocation(context)
    said = _said(jobs_age, jobs_count, logs_age, logs_count, artifacts_age, artifacts_count)
    with invoked.client() as client:
        report = client.retention_dry_run(_fields(client.retention()) | said if said else None)
    rows = [Cut(kind, getattr(report, kind)) for kind in _KINDS]
    print_rows(rows, CUTS, invoked.form, document=report)


def _said(*values: float | None) -> Limits:
    names = [f"{kind}_{measure}" for kind in _KINDS for measure in ("age_s", "count")]
    given = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    return {name: _limit(name, value) for name, value in given.items()}


def _limit(name: str, value: float) -> float | int | None:
    if value == float("inf"):
        return None
    return int(value) if name.endswith("_count") else value


def _fields(policy: RetentionPolicy) -> Limits:
    return policy.model_dump(mode="json", exclude={"updated_at"})


def _words(report: RetentionReport) -> str:
    cuts = [Cut(kind, getattr(report, kind)) for kind in _KINDS]
    parts = [f"{row.kind} of {row.cut.jobs} jobs ({size(row.cut.bytes)})" for row in cuts if row.cut.jobs]
    return f"It would remove now: {', '.join(parts) or 'nothing'}."


def _print_policy(invoked: Invocation, policy: RetentionPolicy) -> None:
    rows = [Keeping(kind, getattr(policy, f"{kind}_age_s"), getattr(policy, f"{kind}_count")) for kind in _KINDS]
    print_rows(rows, POLICY, invoked.form, document=policy)
