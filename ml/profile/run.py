"""Runs a profile job. Writes `profile.json`; it starts no TensorFlow."""

from __future__ import annotations

from ml.data.files import find_file
from ml.data.load import load_builtin
from ml.job import RunSettings, Summary
from ml.profile.arrays import profile_arrays, profile_npz
from ml.profile.columns import profile_csv
from ml.profile.document import FILE_NAME, ProfileDocument
from ml.report import Report
from ml.workspace import Workspace
from trainshed.specs import Data, ProfileSpec

_MOST_FACTS = 10


def profile(spec: ProfileSpec, workspace: Workspace, report: Report, *, settings: RunSettings) -> Summary:
    """Look into the data and write what was found. Raises `InvalidData` when it cannot be read at all."""
    document = _look_into(spec.data, settings)
    workspace.publish_text(FILE_NAME, document.model_dump_json(indent=2))
    report.message(f"{document.source}: {document.rows:,} rows, {document.field_count} fields")
    for problem in document.problems:
        report.message(f"problem: {problem}")
    metrics = {"rows": float(document.rows), "problems": float(len(document.problems))}
    return Summary(metrics=metrics, facts={"problems": list(document.problems[:_MOST_FACTS])})


def _look_into(data: Data, settings: RunSettings) -> ProfileDocument:
    source = find_file(data, roots=settings.data_roots, files=settings.data_files)
    if source is None:
        dataset = load_builtin(data.dataset or "")
        return profile_arrays({"x": dataset.images, "y": dataset.labels}, dataset.source, format_="builtin", size=None)
    return profile_npz(source) if source.format == ".npz" else profile_csv(source)
