"""`make demo`: train a CNN on real handwritten digits, evaluate it by a second job, and print what came of it.

Starts a Trainshed of its own under .trainshed/demo, uses nothing but the Python client, and stops it again.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from own import page_link, trainshed_up
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from trainshed import Client
from trainshed.wire import Job

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(".trainshed/demo")
console = Console(stderr=True)


def main() -> int:
    began = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with trainshed_up(FOLDER) as client:
        train, evaluate = submit_both(client)
        console.print(f"watch it live  {page_link(client, f'/jobs/{train.id}')}", soft_wrap=True)
        watch(client, train, evaluate)
        train, evaluate = client.get(train.id), client.get(evaluate.id)
        report = make_report(client, train, evaluate)
    report["seconds"]["whole_demo"] = round(time.monotonic() - began, 1)
    path = FOLDER / "report.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    show(report, path)
    return 0 if report["train"]["state"] == report["evaluate"]["state"] == "succeeded" else 1


def submit_both(client: Client) -> tuple[Job, Job]:
    """Submit the training, and at once the evaluation, which waits for it."""
    train = client.submit(ROOT / "examples" / "digits-train.yaml")
    document = yaml.safe_load((ROOT / "examples" / "digits-evaluate.yaml").read_text())
    evaluate = client.submit({**document, "model": {"job": train.id}})
    console.print(f"submitted [bold]{train.name}[/] {train.id}: {train.state}")
    console.print(f"submitted [bold]{evaluate.name}[/] {evaluate.id}: {evaluate.state}, {evaluate.message}")
    return train, evaluate


def watch(client: Client, *jobs: Job) -> None:
    """Show the progress of the jobs until all have finished."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        for job in jobs:
            bar = bars.add_task(job.name, total=1.0, note=job.state.value)
            now = client.get(job.id)
            while not now.state.is_terminal:
                time.sleep(0.25)
                now = client.get(job.id)
                bars.update(bar, completed=now.progress.fraction if now.progress else 0.0, note=note_of(now))
            bars.update(bar, completed=1.0, note=now.state.value)


def note_of(job: Job) -> str:
    if job.progress is None or job.progress.epoch is None:
        return job.reason
    accuracy = job.latest_metrics.get("epoch/validation_accuracy")
    shown = "" if accuracy is None else f", validation accuracy {accuracy:.3f}"
    return f"epoch {job.progress.epoch}/{job.progress.epochs}{shown}"


def make_report(client: Client, train: Job, evaluate: Job) -> dict[str, Any]:
    """Return states, times, scores, and where the artifacts are, after downloading them."""
    artifacts = []
    for job in (train, evaluate):
        for artifact in client.artifacts(job.id):
            target = client.download(job.id, artifact.path, FOLDER / "artifacts" / job.name / artifact.path)
            artifacts.append({"job": job.id, "path": str(target), "bytes": artifact.size, "sha256": artifact.sha256})
    scores = {name.removeprefix("evaluation/"): value for name, value in evaluate.latest_metrics.items()}
    return {
        "train": summary_of(train),
        "evaluate": summary_of(evaluate),
        "scores": scores,
        "seconds": {"train": seconds_of(train), "evaluate": seconds_of(evaluate)},
        "artifacts": artifacts,
        "log_of_training": b"".join(client.logs(train.id)).decode(errors="replace").splitlines()[-5:],
    }


def summary_of(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state.value,
        "reason": job.reason,
        "message": job.message,
        "attempts": [{"outcome": attempt.outcome.value, "message": attempt.message} for attempt in job.attempts],
        "metrics": job.latest_metrics,
    }


def seconds_of(job: Job) -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return round((job.finished_at - job.started_at).total_seconds(), 2)


def show(report: dict[str, Any], path: Path) -> None:
    table = Table(title="A CNN on 1,797 real handwritten digits", show_header=True)
    for heading in ("job", "state", "seconds"):
        table.add_column(heading)
    for name in ("train", "evaluate"):
        table.add_row(report[name]["name"], report[name]["state"], str(report["seconds"][name]))
    out = Console(width=min(100, int(os.environ.get("COLUMNS", "100"))))
    out.print(table)
    scores = Table(title="On the test share, which training never saw")
    scores.add_column("score")
    scores.add_column("value", justify="right")
    for name, value in sorted(report["scores"].items()):
        scores.add_row(name, f"{value:.4f}")
    out.print(scores)
    for name in ("train", "evaluate"):
        if report[name]["state"] != "succeeded":
            out.print(f"[red]{name}: {report[name]['message']}[/]")
    out.print(f"artifacts  {FOLDER / 'artifacts'}  ({len(report['artifacts'])} files, SHA-256 verified)")
    out.print(f"report     {path}")
    out.print(
        f"pages      trainshed up --data-dir {FOLDER / 'data'}, then /jobs/{report['train']['id']}", soft_wrap=True
    )
    out.print(f"whole demo {report['seconds']['whole_demo']} s")


if __name__ == "__main__":
    sys.exit(main())
