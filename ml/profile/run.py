"""Runs a profile job. Writes `profile.json`, and contact sheets of images; it starts no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ml.boxes.load import boxes_in
from ml.boxes.scenes import SYNTHETIC
from ml.data.dataset import Dataset
from ml.data.files import DataSource, find_file
from ml.data.kinds import Kind, kind_of
from ml.data.load import load_builtin
from ml.data.reading import read
from ml.data.rows import holds_rows
from ml.job import RunSettings, Summary
from ml.pairs import BUILTIN_PAIRS, PairSet
from ml.pairs.csv_pairs import write_csv_pairs
from ml.pairs.load import catalogued_pairs
from ml.profile.about import about
from ml.profile.arrays import profile_dataset, profile_npz
from ml.profile.boxes import AT_SIZE, profile_boxes
from ml.profile.columns import profile_csv
from ml.profile.divided import with_leaks, with_leaks_of_texts
from ml.profile.document import FILE_NAME, ProfileDocument
from ml.profile.pairs import with_pairs, with_pairs_of
from ml.profile.pictures import with_pictures
from ml.profile.ratings import with_ratings, with_ratings_of
from ml.ratings import BUILTIN_RATINGS, RatingSet
from ml.ratings.csv_ratings import write_csv_ratings
from ml.report import Report
from ml.series.csv_series import write_csv_series
from ml.series.load import BUILTIN_SERIES
from ml.series.series_set import SeriesSet
from ml.tables.csv_table import write_csv
from ml.tables.load import BUILTIN_QUANTITIES, BUILTIN_TABLES
from ml.tables.table import AnyTable
from ml.texts.csv_texts import write_csv_texts
from ml.texts.load import texts_in_folders
from ml.workspace import Workspace
from trainshed.specs import Columns, Data, ProfileSpec

_MOST_FACTS = 10
_Packaged = TypeVar("_Packaged", SeriesSet, AnyTable, RatingSet, PairSet)


def profile(spec: ProfileSpec, workspace: Workspace, report: Report, *, settings: RunSettings) -> Summary:
    """Look into the data and write what was found. Raises `InvalidData` when it cannot be read at all."""
    document = _published(*_look_into(spec.data, settings, workspace), workspace)
    report.message(f"{document.source}: {document.rows:,} rows, {document.field_count} fields")
    for problem in document.problems:
        report.message(f"problem: {problem}")
    metrics = {"rows": float(document.rows), "problems": float(len(document.problems))}
    return Summary(metrics=metrics, facts={"problems": list(document.problems[:_MOST_FACTS])})


def look_into_file(path: Path, name: str, workspace: Workspace) -> ProfileDocument:
    """Look into a file that a job has made, and write what was found. Raises `InvalidData`."""
    source = DataSource(name, path, path.name, f"file {path.name}")
    return _published(*_look_into_source(source, Data(path=str(path.resolve())), workspace), workspace)


def _published(document: ProfileDocument, dataset: Dataset | None, workspace: Workspace) -> ProfileDocument:
    if dataset is not None:
        document = with_pictures(document, dataset, workspace)
    workspace.publish_text(FILE_NAME, document.model_dump_json(indent=2))
    return document


def _look_into(data: Data, settings: RunSettings, workspace: Workspace) -> tuple[ProfileDocument, Dataset | None]:
    source = find_file(data, roots=settings.data_roots, files=settings.data_files)
    if source is None:
        return _look_into_builtin(data.dataset or "", workspace)
    return _look_into_source(source, data, workspace)


def _look_into_source(source: DataSource, data: Data, workspace: Workspace) -> tuple[ProfileDocument, Dataset | None]:
    if (pairs := catalogued_pairs(source, data.columns or Columns())) is not None:
        return _of_pairs(pairs, workspace), None
    if holds_rows(source):
        document = with_leaks(profile_csv(source), source, data)
        return with_pairs_of(with_ratings_of(document, source, data), source, data), None
    match kind_of(source):
        case Kind.ZIP if (found := profile_npz(source)) is not None:
            return found
        case _ if (boxes := boxes_in(source, data.model_copy(update={"images": data.images or AT_SIZE}))) is not None:
            return profile_boxes(boxes, workspace, size=source.size), None
        case _ if (texts := texts_in_folders(source)) is not None:
            path = workspace.tmp / "texts.csv"
            write_csv_texts(texts, path)
            return with_leaks_of_texts(profile_csv(replace(source, file=path)), texts, data), None
        case _:
            return _of_dataset(read(source, data), size=source.size)


def _look_into_builtin(name: str, workspace: Workspace) -> tuple[ProfileDocument, Dataset | None]:
    if name in BUILTIN_RATINGS:
        return _of_ratings(BUILTIN_RATINGS[name](), workspace), None
    if name in BUILTIN_PAIRS:
        return _of_pairs(BUILTIN_PAIRS[name](), workspace), None
    if name in BUILTIN_SERIES:
        series = BUILTIN_SERIES[name]()
        return _of_written(series, write_csv_series, workspace), None
    if (table := BUILTIN_TABLES.get(name) or BUILTIN_QUANTITIES.get(name)) is not None:
        return _of_written(table(), write_csv, workspace), None
    if name in SYNTHETIC:
        return profile_boxes(SYNTHETIC[name](), workspace, size=None), None
    return _of_dataset(load_builtin(name), size=None)


def _of_dataset(dataset: Dataset, *, size: int | None) -> tuple[ProfileDocument, Dataset]:
    return profile_dataset(dataset, size=size), dataset


def _of_ratings(ratings: RatingSet, workspace: Workspace) -> ProfileDocument:
    return with_ratings(_of_written(ratings, write_csv_ratings, workspace), ratings)


def _of_pairs(pairs: PairSet, workspace: Workspace) -> ProfileDocument:
    return with_pairs(_of_written(pairs, write_csv_pairs, workspace), pairs)


def _of_written(data: _Packaged, write: Callable[[_Packaged, Path], None], workspace: Workspace) -> ProfileDocument:
    """Look into what comes with Trainshed as into a file that a user would upload."""
    path = workspace.tmp / "table.csv"
    write(data, path)
    document = profile_csv(DataSource(data.source, path, path.name, data.provenance))
    return document.model_copy(update={"format": data.format, "size": None, **about(data)})
