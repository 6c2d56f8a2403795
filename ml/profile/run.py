"""Runs a profile job. Writes `profile.json`, and contact sheets of images; it starts no TensorFlow."""

from __future__ import annotations

from dataclasses import replace

from ml.data.dataset import Dataset
from ml.data.files import DataSource, find_file
from ml.data.kinds import Kind, kind_of
from ml.data.load import load_builtin
from ml.data.reading import read
from ml.job import RunSettings, Summary
from ml.pairs import BUILTIN_PAIRS, PairSet
from ml.pairs.csv_pairs import write_csv_pairs
from ml.pairs.load import catalogued_pairs
from ml.profile.arrays import profile_dataset, profile_npz, size_of
from ml.profile.columns import profile_csv
from ml.profile.document import FILE_NAME, ProfileDocument
from ml.profile.pairs import with_pairs, with_pairs_of
from ml.profile.pictures import with_pictures
from ml.profile.ratings import with_ratings, with_ratings_of
from ml.ratings import BUILTIN_RATINGS, RatingSet
from ml.ratings.csv_ratings import write_csv_ratings
from ml.report import Report
from ml.tables.csv_table import write_csv
from ml.tables.load import BUILTIN_QUANTITIES, BUILTIN_TABLES
from ml.tables.table import AnyTable
from ml.texts.csv_texts import write_csv_texts
from ml.texts.load import texts_in_folders
from ml.workspace import Workspace
from trainshed.specs import Columns, Data, ProfileSpec

_MOST_FACTS = 10


def profile(spec: ProfileSpec, workspace: Workspace, report: Report, *, settings: RunSettings) -> Summary:
    """Look into the data and write what was found. Raises `InvalidData` when it cannot be read at all."""
    document, dataset = _look_into(spec.data, settings, workspace)
    if dataset is not None:
        document = with_pictures(document, dataset, workspace)
    workspace.publish_text(FILE_NAME, document.model_dump_json(indent=2))
    report.message(f"{document.source}: {document.rows:,} rows, {document.field_count} fields")
    for problem in document.problems:
        report.message(f"problem: {problem}")
    metrics = {"rows": float(document.rows), "problems": float(len(document.problems))}
    return Summary(metrics=metrics, facts={"problems": list(document.problems[:_MOST_FACTS])})


def _look_into(data: Data, settings: RunSettings, workspace: Workspace) -> tuple[ProfileDocument, Dataset | None]:
    source = find_file(data, roots=settings.data_roots, files=settings.data_files)
    known = BUILTIN_RATINGS.get(data.dataset or "")
    if source is None and known is not None:
        return _of_ratings(known(), workspace), None
    pairs = _pairs(source, data)
    if pairs is not None:
        return _of_pairs(pairs, workspace), None
    built_in = BUILTIN_TABLES.get(data.dataset or "") or BUILTIN_QUANTITIES.get(data.dataset or "")
    if built_in is not None:
        return profile_csv(_written(built_in(), workspace)), None
    if source is None:
        return _of_dataset(load_builtin(data.dataset or ""), size=None)
    match kind_of(source):
        case Kind.TEXT:
            seen = with_ratings_of(profile_csv(source), source, data)
            return with_pairs_of(seen, source, data), None
        case Kind.ZIP if (found := profile_npz(source)) is not None:
            return found
        case _ if (texts := texts_in_folders(source)) is not None:
            path = workspace.tmp / "texts.csv"
            write_csv_texts(texts, path)
            return profile_csv(replace(source, file=path)), None
        case _:
            return _of_dataset(read(source, data), size=size_of(source.file))


def _of_dataset(dataset: Dataset, *, size: int | None) -> tuple[ProfileDocument, Dataset]:
    return profile_dataset(dataset, size=size), dataset


def _pairs(source: DataSource | None, data: Data) -> PairSet | None:
    """Return pairs that come with Trainshed, or those of catalogues; None for everything else."""
    if source is None:
        known = BUILTIN_PAIRS.get(data.dataset or "")
        return None if known is None else known()
    return catalogued_pairs(source, data.columns or Columns())


def _of_pairs(pairs: PairSet, workspace: Workspace) -> ProfileDocument:
    path = workspace.tmp / "pairs.csv"
    write_csv_pairs(pairs, path)
    document = with_pairs(profile_csv(DataSource(pairs.source, path, path.name, pairs.provenance)), pairs)
    return document.model_copy(update={"format": pairs.format})


def _of_ratings(ratings: RatingSet, workspace: Workspace) -> ProfileDocument:
    path = workspace.tmp / "ratings.csv"
    write_csv_ratings(ratings, path)
    return with_ratings(profile_csv(DataSource(ratings.source, path, path.name, ratings.provenance)), ratings)


def _written(table: AnyTable, workspace: Workspace) -> DataSource:
    """Write a table that comes with Trainshed as one that a user would upload."""
    path = workspace.tmp / "table.csv"
    write_csv(table, path)
    return DataSource(table.source, path, path.name, table.provenance)
