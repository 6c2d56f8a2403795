"""Decodes an uploaded dataset once, for all jobs that will read it: `decode(data, workdir, report, settings=...)`.

It sees the uploaded file and what decoding depends on, and nothing else of any job: what comes out is a function of the
two, and may be shared.
"""

from __future__ import annotations

import time
from pathlib import Path

from ml.data.decoded import write_decoded
from ml.data.files import find_file
from ml.data.load import load_dataset
from ml.errors import InvalidData
from ml.job import RunSettings, Summary
from ml.report import Report
from ml.workspace import Workspace
from trainshed.specs import Data


def decode(data: Data, workdir: Path, report: Report, *, settings: RunSettings) -> Summary:
    """Write the decoded dataset into `workdir/output`. Raises `InvalidData`."""
    began = time.monotonic()
    with Workspace(workdir).opened() as workspace:
        source = find_file(data, roots=(), files=settings.data_files)
        if source is None:
            raise InvalidData(f"There is no file for {data.dataset}.", remedy="Upload it again.", field="data.dataset")
        dataset = load_dataset(data, roots=(), files=settings.data_files)
        write_decoded(dataset, source, workspace.output)
    report.message(f"{source.name}: {len(dataset.labels):,} examples decoded in {time.monotonic() - began:.1f} s")
    return Summary(metrics={"rows": float(len(dataset.labels))}, facts={})
