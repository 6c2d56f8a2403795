"""Runs a preprocess job. Writes prepared.csv or prepared.npz, preparation.json, and profile.json of what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from ml.data.files import find_file
from ml.data.rows import holds_rows
from ml.errors import InvalidData
from ml.job import DataFile, RunSettings, Summary
from ml.prepare import images, tables, texts
from ml.prepare.document import FILE_NAME, PreparationDocument
from ml.profile.run import look_into_file
from ml.report import Report
from ml.runtime import set_up
from ml.tables.load import BUILTIN_QUANTITIES, BUILTIN_TABLES
from ml.texts.load import texts_in_folders
from ml.workspace import Workspace
from trainshed.specs import Data, PreprocessSpec


class _Prepare(Protocol):
    def __call__(
        self, spec: PreprocessSpec, path: Path, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]
    ) -> PreparationDocument: ...


@dataclass(frozen=True, slots=True)
class _Form:
    """What data may be: how it is prepared, and what the file is called that comes out."""

    prepare: _Prepare
    file: str


_FORMS: Final[dict[str, _Form]] = {
    "a table": _Form(tables.prepare_table, tables.FILE_NAME),
    "texts": _Form(texts.prepare_texts, texts.FILE_NAME),
    "images": _Form(images.prepare_images, images.FILE_NAME),
}


def prepare(spec: PreprocessSpec, workspace: Workspace, report: Report, *, settings: RunSettings) -> Summary:
    """Prepare the data. Raises `InvalidData`."""
    set_up(threads=settings.threads, seed=spec.data.split.seed)
    form = _FORMS[_form_of(spec, settings)]
    with workspace.publishing(form.file) as draft:
        document = form.prepare(spec, draft, roots=settings.data_roots, files=settings.data_files)
    workspace.publish_text(FILE_NAME, document.model_dump_json(indent=2))
    look_into_file(workspace.output / form.file, spec.output.dataset, workspace)
    _tell(document, report)
    metrics = {"rows": float(sum(document.counts.values())), "left_out": float(sum(document.left_out.values()))}
    return Summary(metrics=metrics, facts={"examples": document.counts, "left_out": document.left_out})


def _form_of(spec: PreprocessSpec, settings: RunSettings) -> str:
    """Return what the data is taken for: what all steps are for, and where that leaves a choice, what it looks like."""
    if len(spec.forms) == 1:
        return spec.forms[0]
    looks_like, name = _looks(spec.data, settings), spec.data.path or spec.data.dataset
    if looks_like not in spec.forms:
        raise InvalidData(
            f"{name} holds {looks_like}, and the steps are for {' or '.join(spec.forms)}.",
            remedy="Use steps that are for it: docs/steps.md lists them.",
            field="preprocess",
        )
    return looks_like


def _looks(data: Data, settings: RunSettings) -> str:
    source = find_file(data, roots=settings.data_roots, files=settings.data_files)
    if source is None:
        is_table = data.dataset in BUILTIN_TABLES or data.dataset in BUILTIN_QUANTITIES
        return "a table" if is_table else "images"
    if holds_rows(source):
        return "texts" if data.columns is not None and data.columns.text is not None else "a table"
    return "images" if texts_in_folders(source) is None else "texts"


def _tell(document: PreparationDocument, report: Report) -> None:
    counts = ", ".join(f"{count:,} {name}" for name, count in document.counts.items())
    report.message(f"{document.source}: {counts} rows prepared by {len(document.preprocess)} steps")
    for why, count in document.left_out.items():
        report.message(f"{count:,} rows left out: {why}")
    if document.categories:
        report.message(
            "warning: values of categories look like numbers; train on the version with data.columns.categories:"
            f" [{', '.join(document.categories)}]"
        )
