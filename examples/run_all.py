"""`make examples`: train each example, measure it on its test part, and compare with the score its head promises.

    python examples/run_all.py [NAME ...]     names of files without .yaml; all by default

Prints one table, writes .trainshed/examples/report.json, and exits with 1 when a score is missed. An example whose data
is not on this machine is left out, and said to be.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from own import trainshed_up
from rich.console import Console
from rich.table import Table

from trainshed import Client
from trainshed.errors import JobFailed

HERE = Path(__file__).resolve().parent
FOLDER = Path(".trainshed/examples")
UPLOADS = {"fashion": Path("/usr/share/datasets/fashion-mnist")}
"""Datasets that examples name, and the folder each is uploaded from; the heads say how to get them."""
_PROMISE = re.compile(r"Expect (?P<least>\d\.\d+) (?P<score>\w+) or more")
console = Console(width=100)


@dataclass(frozen=True)
class Example:
    """One spec, and what its head promises of its score on the test part."""

    name: str
    path: Path
    score: str
    least: float

    @classmethod
    def read(cls, path: Path) -> Example | None:
        """Return None for a spec that promises no score."""
        head = " ".join(line.lstrip("# ") for line in path.read_text().splitlines() if line.startswith("#"))
        promise = _PROMISE.search(head)
        return cls(path.stem, path, promise["score"], float(promise["least"])) if promise else None


@dataclass(frozen=True)
class Result:
    """What came of one example. `value` None: it did not run to its end, and `note` says why."""

    name: str
    score: str
    expected: float
    value: float | None
    seconds: float | None
    note: str = ""

    @property
    def is_missed(self) -> bool:
        return not self.note.startswith("left out") and (self.value is None or self.value < self.expected)


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    found = [example for path in sorted(HERE.glob("*.yaml")) if (example := Example.read(path))]
    unknown = set(sys.argv[1:]) - {example.name for example in found}
    if unknown:
        sys.exit(f"no such example: {', '.join(sorted(unknown))}; there are {', '.join(one.name for one in found)}")
    chosen = [example for example in found if not sys.argv[1:] or example.name in sys.argv[1:]]
    with trainshed_up(FOLDER) as client:
        results = [run(client, example) for example in chosen]
    (FOLDER / "report.json").write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    show(results)
    return int(any(result.is_missed for result in results))


def run(client: Client, example: Example) -> Result:
    """Train, and measure on the test part."""
    console.print(f"{example.name} ...")
    missing = provide(client, example)
    if missing:
        return Result(example.name, example.score, example.least, None, None, f"left out: {missing}")
    began = time.monotonic()
    try:
        train = client.submit(example.path)
        evaluate = client.submit(
            {"kind": "evaluate", "name": example.name, "model": {"job": train.id}, "split": "test"}
        )
        metrics = client.wait(evaluate.id, raise_on_failure=True).latest_metrics
    except JobFailed as error:
        return Result(example.name, example.score, example.least, None, None, str(error))
    seconds = round(time.monotonic() - began, 1)
    return Result(example.name, example.score, example.least, metrics[f"evaluation/{example.score}"], seconds)


def provide(client: Client, example: Example) -> str | None:
    """Upload what the example names and this Trainshed has not; return what is missing on this machine."""
    for name, folder in UPLOADS.items():
        if f"dataset: {name}\n" not in example.path.read_text():
            continue
        if not folder.is_dir():
            return f"{folder} is not there"
        client.upload_dataset(name, folder)
    return None


def show(results: list[Result]) -> None:
    table = Table(title="Examples, measured on their test parts")
    for heading in ("example", "score", "value", "expected", "seconds", ""):
        table.add_column(heading)
    for one in results:
        value, seconds = ("-" if number is None else f"{number:.4g}" for number in (one.value, one.seconds))
        verdict = one.note or ("MISSED" if one.is_missed else "reached")
        table.add_row(one.name, one.score, value, f">= {one.expected:g}", seconds, verdict)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
