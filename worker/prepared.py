"""The version of a dataset that a preprocess job makes, or finds made by the same steps of the same data.

The child has no credentials and names nothing: it leaves a file in its output folder, which is collected like any
other. What it was made of and how, the spec and the database say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from db import datasets, inputs, reports
from db.datasets import Made, NewVersion
from db.engine import Database
from db.leases import Held, Lease, fence
from db.reports import MadeFile
from db.transitions import Ending
from trainshed.ids import new_id
from trainshed.specs import PreprocessSpec
from trainshed.states import AttemptOutcome
from worker.profile import kept_profile

_FILES: Final = frozenset({"prepared.csv", "prepared.npz"})


@dataclass(frozen=True, slots=True)
class _File:
    """What becomes the version."""

    sha256: str
    size: int
    filename: str
    profile: dict[str, Any] | None


class PreparedVersion:
    """Of one attempt. It belongs to the attempt's thread."""

    def __init__(self, spec: PreprocessSpec, lease: Lease, project_id: str, database: Database) -> None:
        self._spec = spec
        self._lease = lease
        self._project_id = project_id
        self._database = database
        self._source: dict[str, Any] = {"path": spec.data.path} if spec.data.path else {"dataset": spec.data.dataset}
        self._key: str | None = None
        self._file: _File | None = None
        self._is_found = False

    def find(self) -> Ending | None:
        """Return the end of an attempt whose work is done already. None: it is to be done."""
        name = self._spec.output.dataset
        with self._database.read() as conn:
            (version,) = inputs.dataset_inputs(conn, self._lease.job_id) or (None,)
            if version is None:  # a path, or what comes with Trainshed: only who reads it knows what it holds
                return None
            self._source = {"dataset": version.ref, "sha256": version.sha256}
            self._key = _key_of(version.sha256, self._spec)
            made = datasets.find_made(conn, self._project_id, self._key, prefer=name)
        if made is None:
            return None
        self._is_found = True
        ref = f"{made.name}@{made.version}"
        said = f"{made.made_by} made {ref} of the same data by the same steps"
        if made.name == name:
            return Ending(AttemptOutcome.SUCCEEDED, f"Found: {said}.", facts={"dataset": ref})
        self._file = _File(made.sha256, made.size, made.filename, made.profile)
        return Ending(AttemptOutcome.SUCCEEDED, f"Copied: {said}.", facts={"copied": ref})

    def take(self, ending: Ending, files: Sequence[MadeFile], output: Path) -> Ending:
        """Take over what a child that succeeded has left, and return how the attempt ends with that."""
        if self._is_found:
            return ending
        found = [file for file in files if file.path in _FILES]
        if len(found) != 1 or not found[0].size:
            message = "The job ended well, and left no prepared data in its output folder."
            return replace(ending, outcome=AttemptOutcome.CRASHED, message=message)
        self._file = _File(found[0].sha256, found[0].size, found[0].path, kept_profile(output, ending.facts))
        return ending

    def fence(self, conn: Connection) -> Held | None:
        """Lock the dataset, then the job: whoever holds both takes them in this order. None: superseded."""
        datasets.hold(conn, self._project_id, self._spec.output.dataset)
        return fence(conn, self._lease)

    def write(self, conn: Connection, ending: Ending) -> Ending:
        """Make the version of an attempt that succeeded; fence it before. Raises `db.blobs.BlobsLost`."""
        if self._file is None:
            return ending
        name = self._spec.output.dataset
        added = datasets.add_version(
            conn,
            NewVersion(
                project_id=self._project_id,
                name=name,
                dataset_id=new_id("dat"),
                sha256=self._file.sha256,
                size=self._file.size,
                filename=self._file.filename,
                created_by=datasets.submitter(conn, self._lease.job_id),
                made=Made(self._lease.job_id, self._key, self._lineage(), self._file.profile),
            ),
        )
        ref = f"{name}@{added.version}"
        reports.add_facts(conn, self._lease, {"dataset": ref})
        said = f"Made {ref}." if added.is_new else f"The same bytes are {ref} already."
        return replace(ending, message=said if ending.message == "Completed." else f"{ending.message} {said}")

    def _lineage(self) -> dict[str, Any]:
        said = self._spec.model_dump(mode="json", exclude_defaults=True)
        return {
            "source": self._source,
            "preprocess": [step.model_dump(mode="json", exclude_none=True) for step in self._spec.preprocess],
            "steps_sha256": self._spec.steps_sha256,
            "split": self._spec.data.split.model_dump(mode="json"),
            "clean": said.get("data", {}).get("clean", {}),
        }


def _key_of(sha256: str, spec: PreprocessSpec) -> str:
    return hashlib.sha256(f"{sha256}\n{spec.steps_sha256}".encode()).hexdigest()
