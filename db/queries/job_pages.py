"""Pages of jobs, by keyset: a page deep in the list costs what the first one does.

What an index finds in the wanted order (project, state, name, a range of identifiers) is sought; all else is looked at
row by row, and at most `_MOST_LOOKED_AT` rows of them: a page may be short, or empty, and not be the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select, tuple_

from db.models import Job
from trainshed.ids import earliest_id
from trainshed.states import JobState

_MOST_LOOKED_AT: Final = 10_000
_SKEW_S: Final = 3600.0
"""An identifier carries the time of the process that made it, `created_at` that of the database."""
_AFTER_PREFIX: Final = "~"
"""Sorts after all characters of identifiers."""


class JobSort(StrEnum):
    """Orders of a list; ties are broken by identifier."""

    CREATED = "created"
    NEWEST = "-created"
    FINISHED = "finished"
    LATEST_FINISHED = "-finished"
    NAME = "name"
    NAME_DOWN = "-name"

    @property
    def descends(self) -> bool:
        return self.value.startswith("-")

    @property
    def column(self) -> str:
        """The column that comes before the identifier in the order; empty: none does."""
        return {"created": "", "finished": "finished_at", "name": "name"}[self.value.removeprefix("-")]


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows. An empty part lets all pass. Times in seconds since 1970."""

    states: tuple[JobState, ...] = ()
    kinds: tuple[str, ...] = ()
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    """Part of a name or identifier."""
    id_prefix: str | None = None
    created_after: float | None = None
    created_before: float | None = None


Key = tuple[Any, ...]
"""Where a row stands in the order: its identifier, after the value of the column that is sorted by."""


@dataclass(frozen=True, slots=True)
class JobRows:
    """Rows of a page, and the key after which the next one begins; None: nothing follows."""

    rows: Sequence[Row[Any]]
    next_key: Key | None


_SUMMARY: Final = (
    "id",
    "name",
    "kind",
    "state",
    "reason",
    "message",
    "labels",
    "priority",
    "pool",
    "attempt",
    "progress",
    "created_at",
    "started_at",
    "finished_at",
)


def list_jobs(
    conn: Connection, project_id: str, wanted: JobFilter, *, sort: JobSort, after: Key | None, limit: int
) -> JobRows:
    """Return the jobs of the project that pass and come after the key `after`. Specs are not loaded."""
    scans = [_scan(conn, branch, sort, limit) for branch in _branches(project_id, wanted, sort, after)]
    found = sorted((row for scan in scans for row in scan.rows), key=lambda row: _key(row, sort), reverse=sort.descends)
    ends = [scan.next_key for scan in scans if scan.next_key is not None]
    if ends:
        # Nothing is known of what comes after the nearest end of a scan.
        end = max(ends) if sort.descends else min(ends)
        found = [row for row in found if (_key(row, sort) >= end if sort.descends else _key(row, sort) <= end)]
    if len(found) > limit:
        return JobRows(found[:limit], _key(found[limit - 1], sort))
    return JobRows(found, end if ends else None)


def _branches(project_id: str, wanted: JobFilter, sort: JobSort, after: Key | None) -> list[_Branch]:
    sought = select(Job).where(Job.project_id == project_id, *_bounds(wanted, sort, after))
    if sort.column == "finished_at":
        sought = sought.where(Job.finished_at.is_not(None))
    if wanted.name is not None:
        sought = sought.where(Job.name == wanted.name)
    if wanted.states and not sort.column and wanted.name is None:
        rest = replace(wanted, states=())
        return [_Branch(sought.where(Job.state == state), rest) for state in dict.fromkeys(wanted.states)]
    return [_Branch(sought, wanted)]


@dataclass(frozen=True, slots=True)
class _Branch:
    """A part of the list that one index has in order, and the filter whose rest is looked at row by row."""

    sought: Select[Any]
    rest: JobFilter

    def conditions(self, columns: Any) -> list[ColumnElement[bool]]:
        """Return what no index answers, about `columns` of the table or of a part of it."""
        rest = self.rest
        conditions: list[ColumnElement[bool]] = []
        if rest.states:
            conditions.append(columns.state.in_(rest.states))
        if rest.kinds:
            conditions.append(columns.kind.in_(rest.kinds))
        if rest.text:
            text = rest.text.lower()
            conditions.append(
                or_(columns.name.contains(text, autoescape=True), columns.id.contains(text, autoescape=True))
            )
        if rest.created_after is not None:
            conditions.append(columns.created_at >= rest.created_after)
        if rest.created_before is not None:
            conditions.append(columns.created_at < rest.created_before)
        conditions.extend(columns.labels[key].as_string() == value for key, value in rest.labels.items())
        return conditions


def _bounds(wanted: JobFilter, sort: JobSort, after: Key | None) -> list[ColumnElement[bool]]:
    """Return what narrows the range of the index."""
    bounds: list[ColumnElement[bool]] = []
    if after is not None:
        place = tuple_(*_order(sort, Job))
        bounds.append(place < after if sort.descends else place > after)
    if wanted.id_prefix is not None:
        bounds.append(and_(Job.id >= wanted.id_prefix, Job.id < wanted.id_prefix + _AFTER_PREFIX))
    if wanted.created_after is not None:
        bounds.append(Job.id >= earliest_id("job", wanted.created_after - _SKEW_S))
    if wanted.created_before is not None:
        bounds.append(Job.id <= earliest_id("job", wanted.created_before + _SKEW_S))
    return bounds


def _scan(conn: Connection, branch: _Branch, sort: JobSort, limit: int) -> JobRows:
    """Return up to one more than `limit` rows of a branch, and how far it was looked at."""
    window = branch.sought.order_by(*_directed(sort, Job)).limit(_MOST_LOOKED_AT)
    inner = window.subquery("looked_at").c
    conditions = branch.conditions(inner)
    if conditions:
        passing = select(*(inner[name] for name in _SUMMARY)).where(*conditions).order_by(*_directed(sort, inner))
    else:
        passing = window.with_only_columns(*(getattr(Job, name) for name in _SUMMARY))
    rows = conn.execute(passing.limit(limit + 1)).all()
    if len(rows) > limit:
        return JobRows(rows, _key(rows[-1], sort))
    if not conditions:
        return JobRows(rows, None)
    last = conn.execute(window.with_only_columns(*_order(sort, Job)).limit(1).offset(_MOST_LOOKED_AT - 1))
    end = last.one_or_none()
    return JobRows(rows, None if end is None else tuple(end))


def _order(sort: JobSort, columns: Any) -> list[Any]:
    return [*([getattr(columns, sort.column)] if sort.column else []), columns.id]


def _directed(sort: JobSort, columns: Any) -> list[Any]:
    return [column.desc() if sort.descends else column.asc() for column in _order(sort, columns)]


def _key(row: Row[Any], sort: JobSort) -> Key:
    return tuple(_order(sort, row))
