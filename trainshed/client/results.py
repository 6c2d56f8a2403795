"""Calls for what a job leaves: logs, metrics, events and artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from trainshed.client.addresses import artifact_path, job_path
from trainshed.client.calls import Calls
from trainshed.client.download import download, is_there, local_path
from trainshed.client.events import EventReader, ProjectEvent, ProjectEventReader
from trainshed.client.files import look_at
from trainshed.client.logs import LogReader
from trainshed.client.series import read_series
from trainshed.client.table import MetricTable
from trainshed.client.times import moment
from trainshed.client.transport import Call, read
from trainshed.wire import Artifact, ArtifactList, Event


class ResultCalls(Calls):
    """Logs, metrics, events and artifacts."""

    def logs(
        self,
        job_id: str,
        *,
        attempt: int | None = None,
        follow: bool = False,
        tail: int | None = None,
        since: datetime | str | None = None,
    ) -> Iterator[bytes]:
        """Yield what a job printed, as bytes: of one attempt, by default the latest.

            for chunk in client.logs(job.id, follow=True):
                print(chunk.decode(errors="replace"), end="")

        `tail` begins with the last so many lines; `since` with what was printed since a time, or in the last `10m`.
        With `follow` it goes on, also to later attempts unless one is named, until the job has ended and its last byte
        is there. A dropped connection leaves no gap and repeats nothing, and neither does a server that is killed.
        """
        reader = LogReader(self._transport, job_path(job_id))
        start: dict[str, str | int] = {}
        if tail is not None:
            start["tail"] = tail
        if since is not None:
            start["since"] = moment(since)
        return reader.follow(attempt, start) if follow else reader.read(attempt, start)

    def metrics(
        self,
        job_id: str,
        *,
        series: str | Iterable[str] = (),
        since_step: int | None = None,
        points: int | None = None,
    ) -> MetricTable:
        """Return the named series, or all, by name: every point from `since_step` on.

            table = client.metrics(job.id)
            for name in table:
                print(name, table.steps(name), table.values(name))

        With `points` the server sends at most so many of each, which keep its peaks: enough for a chart.
        """
        names = [series] if isinstance(series, str) else [*series]
        return MetricTable(read_series(self._transport, job_path(job_id), names, since_step=since_step, points=points))

    def events(self, job_id: str, *, follow: bool = False) -> Iterator[Event]:
        """Yield what happened to a job.

            for event in client.events(job.id):
                print(event.at, event.type, event.state)

        With `follow` it goes on until the job has ended. Each event comes once.
        """
        reader = EventReader(self._transport, f"{job_path(job_id)}/events")
        return reader.follow() if follow else reader.read()

    def project_events(self, *, follow: bool = True, after: str | None = None) -> Iterator[ProjectEvent]:
        """Yield what happens to all jobs of the project, in the order of commits.

            for event in client.project_events(follow=False):
                print(event.job_id, event.type, event.state)

        With `follow` it begins now and has no end; without, it begins with the oldest event and ends with the newest.
        Either begins after the event whose `cursor` is given as `after`. Each event comes once.
        """
        reader = ProjectEventReader(self._transport)
        return reader.follow(after) if follow else reader.read(after)

    def artifacts(self, job_id: str, *, prefix: str | None = None) -> tuple[Artifact, ...]:
        """Return the files of a job: what it made, and what was added.

            for artifact in client.artifacts(job.id, prefix="plots/"):
                print(artifact.path, artifact.size)

        With `prefix` those alone whose path begins so.
        """
        params = {"prefix": prefix or None}
        found = self._transport.get(f"{job_path(job_id)}/artifacts", ArtifactList, params=params).items
        # An older server knows no prefix and gives all of them.
        return tuple(artifact for artifact in found if artifact.path.startswith(prefix or ""))

    def download(self, job_id: str, path: str, to: Path | str) -> Path:
        """Write the artifact `path` to the file `to`, or below it when it is a folder; return the file.

            client.download(job.id, "model.keras", "models/")

        It appears whole and with the right SHA-256, or not at all. A broken download goes on where it stopped.
        """
        target = Path(to)
        if target.is_dir() or str(to).endswith("/"):
            target = local_path(target, path)
        download(self._transport, artifact_path(job_id, path), target)
        return target

    def download_all(self, job_id: str, to: Path | str, *, prefix: str = "") -> tuple[Path, ...]:
        """Write all artifacts, or those whose path begins with `prefix`, below the folder `to`; return the files.

            client.download_all(job.id, "results/")

        They come one by one and are verified. One that is there already, with the same SHA-256, is not fetched again.
        """
        wanted = self.artifacts(job_id, prefix=prefix)
        targets = tuple(local_path(Path(to), each.path) for each in wanted)
        for artifact, target in zip(wanted, targets, strict=True):
            if not is_there(target, artifact.sha256):
                download(self._transport, artifact_path(job_id, artifact.path), target, sha256=artifact.sha256)
        return targets

    def upload_artifact(self, job_id: str, file: Path | str, *, path: str | None = None) -> Artifact:
        """Add a file to a job, under its own name or as `path`.

            client.upload_artifact(job.id, "notes.md", path="notes/first.md")

        What was added before is replaced. What the job itself made never is: `Conflict`.
        """
        found = look_at(file)
        headers = {"Content-Type": "application/octet-stream", "Content-Digest": found.content_digest}
        call = Call("PUT", artifact_path(job_id, path or found.name), None, headers, found.whole())
        # The same bytes at the same place: a second time changes nothing.
        return read(self._transport.send_repeatedly(call), Artifact)
