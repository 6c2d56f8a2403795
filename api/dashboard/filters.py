"""The list's filters as its address carries them. What cannot be read is left out: a page mends what REST refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from db.queries.job_pages import JobFilter, JobSort
from trainshed.specs.parse import KINDS
from trainshed.states import JobState

_LONGEST: Final = 255
SINCE: Final = {"1h": 3_600.0, "24h": 86_400.0, "7d": 7 * 86_400.0, "30d": 30 * 86_400.0}


@dataclass(frozen=True, slots=True)
class ListAddress:
    """What an address of the list asks for."""

    states: tuple[JobState, ...]
    kinds: tuple[str, ...]
    text: str
    labels: tuple[tuple[str, str], ...]
    since: str
    sort: JobSort
    cursor: str | None

    @property
    def filters(self) -> bool:
        """Whether it shows less than all jobs."""
        return bool(self.states or self.kinds or self.text or self.labels or self.since)

    @property
    def label_text(self) -> str:
        return " ".join(f"{key}={value}" for key, value in self.labels)

    def filter(self, now: float) -> JobFilter:
        """Return what the database is asked for; `now` in seconds since 1970."""
        return JobFilter(
            states=self.states,
            kinds=self.kinds,
            text=self.text or None,
            labels=dict(self.labels),
            created_after=now - SINCE[self.since] if self.since else None,
        )

    def link(self, *, sort: JobSort | None = None, cursor: str | None = None) -> str:
        """Return the address of the same list in another order, or from another place on."""
        pairs: list[tuple[str, str]] = [("state", state.value) for state in self.states]
        pairs += [("kind", kind) for kind in self.kinds]
        pairs += [(name, value) for name, value in self._words() if value]
        pairs += [("sort", (sort or self.sort).value)] if (sort or self.sort) is not JobSort.NEWEST else []
        pairs += [("cursor", cursor)] if cursor else []
        return f"/jobs?{urlencode(pairs)}" if pairs else "/jobs"

    def sorted_by(self, column: Literal["created", "finished", "name"]) -> str:
        """Return the address of the list by a column, downwards first; upwards where it is sorted so already."""
        down = JobSort(f"-{column}")
        return self.link(sort=JobSort(column) if self.sort is down else down)

    def direction(self, column: Literal["created", "finished", "name"]) -> str:
        """Return how the column is sorted, as `aria-sort` says it."""
        if self.sort.value.removeprefix("-") != column:
            return "none"
        return "descending" if self.sort.descends else "ascending"

    def _words(self) -> list[tuple[str, str]]:
        return [("text", self.text), ("label", self.label_text), ("since", self.since)]


def read_address(query: QueryParams) -> ListAddress:
    """Return what an address asks for."""
    sort = query.get("sort", "")
    since = query.get("since", "")
    return ListAddress(
        states=tuple(JobState(value) for value in dict.fromkeys(query.getlist("state")) if value in set(JobState)),
        kinds=tuple(value for value in dict.fromkeys(query.getlist("kind")) if value in KINDS),
        text=_clean(query.get("text", "")),
        labels=_labels(query.getlist("label")),
        since=since if since in SINCE else "",
        sort=JobSort(sort) if sort in set(JobSort) else JobSort.NEWEST,
        cursor=query.get("cursor"),
    )


def _labels(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = [word.partition("=") for text in texts for word in _clean(text).split()]
    return tuple((key, value) for key, equals, value in pairs[:16] if equals and key)


def _clean(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_LONGEST].strip()
