"""Reads back all that the jobs made: states, attempts, logs and artifacts, by downloading and hashing."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from tests.compose.load import Load
from tests.compose.report import Report
from trainshed import Job


def read_back(load: Load, report: Report, folder: Path) -> None:
    """Wait for every job. None may be lost, none may have succeeded twice, each byte must be what was written."""
    jobs = [load.client.wait(job_id, timeout_s=300) for job_id in load.all]
    states = Counter(str(job.state) for job in jobs)
    report.check(set(states) == {"succeeded"}, f"states: {dict(states)}")
    _count(jobs, report)
    commands = [job for job in jobs if job.id in set(load.commands)]
    wrong_logs = [job.id for job in commands if _log(job) != f"{job.id}\n".encode()]
    report.figures["wrong_logs"] = len(wrong_logs)
    report.check(not wrong_logs, f"logs are not what was printed: {wrong_logs[:5]}")
    read = {job.id: _files(job, folder / job.id) for job in jobs}
    wrong = [job.id for job in commands if read[job.id] != {"id.txt": hashlib.sha256(job.id.encode()).hexdigest()}]
    wrong += [job.id for job in jobs if read[job.id] != {each.path: each.sha256 for each in job.artifacts()}]
    report.figures["artifacts"] = sum(map(len, read.values()))
    report.figures["wrong_digests"] = len(wrong)
    report.check(not wrong, f"artifacts are not what was written: {wrong[:5]}")
    untrained = [job_id for job_id in load.trainings if "model.keras" not in read[job_id]]
    report.check(not untrained, f"trainings left no model: {untrained}")


def _count(jobs: list[Job], report: Report) -> None:
    good = [[attempt for attempt in job.attempts if attempt.outcome == "succeeded"] for job in jobs]
    report.figures["jobs"] = len(jobs)
    report.figures["lost"] = sum(not attempts for attempts in good)
    report.figures["doubled"] = sum(len(attempts) > 1 for attempts in good)
    report.figures["jobs_per_worker"] = dict(Counter(each.worker_name for attempts in good for each in attempts))
    report.figures["attempts"] = dict(Counter(str(attempt.outcome) for job in jobs for attempt in job.attempts))
    report.check(not report.figures["lost"] and not report.figures["doubled"], "jobs were lost or doubled")
    report.check(len(report.figures["jobs_per_worker"]) >= 4, "jobs did not spread over the workers")


def _log(job: Job) -> bytes:
    return b"".join(job.logs(follow=False, attempt=job.attempts[-1].number))


def _files(job: Job, folder: Path) -> dict[str, str]:
    """Download every artifact and return its digest, by path."""
    folder.mkdir(parents=True)
    digests = {}
    for number, artifact in enumerate(job.artifacts()):
        file = job.download(artifact.path, folder / str(number))
        digests[artifact.path] = hashlib.sha256(file.read_bytes()).hexdigest()
    return digests
