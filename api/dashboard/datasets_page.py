"""/datasets: what data there are, and what was found in each version of them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsDatasets
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.operations import datasets, jobs
from api.parts import AppParts
from trainshed import wire
from trainshed.errors import NotFound

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_MOST: Final = 50
_TABLES: Final = frozenset({"csv", "json", "parquet"})


@router.get("/datasets")
async def datasets_page(
    request: Request, parts: AppParts, who: ReadsDatasets, after: Annotated[str, Query(max_length=63)] = ""
) -> Response:
    """Return the page of all datasets, by name; to htmx, its table alone."""
    page = await run_in_threadpool(datasets.list_datasets, parts.database, who, cursor=after, limit=_MOST)
    template = "datasets_table.html" if "hx-request" in request.headers else "datasets.html"
    return render(request, template, who, title="Datasets", page=page)


@router.get("/datasets/{name}")
async def dataset_page(
    request: Request,
    parts: AppParts,
    who: ReadsDatasets,
    name: str,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """Return the page of a dataset at a version, the newest by default; to htmx, what is known of that version."""
    details, shown, looking = await run_in_threadpool(_read, parts, who, name, version)
    template = "dataset_version.html" if "hx-request" in request.headers else "dataset.html"
    return render(
        request,
        template,
        who,
        title=shown.ref,
        dataset=details,
        shown=shown,
        looking=looking,
        profile=shown.profile or {},
        family=_family(shown.profile or {}),
    )


def _read(
    parts: AppParts, who: ReadsDatasets, name: str, version: int | None
) -> tuple[wire.DatasetDetails, wire.DatasetVersion, wire.Job | None]:
    """Return the dataset, the version, and the job that has found nothing yet or never will."""
    details = datasets.get_dataset(parts.database, who, name)
    if details.latest is None:
        raise NotFound(f"All versions of the dataset {name} were deleted.", remedy="Upload a new one.")
    number = details.latest.version if version is None else version
    shown = datasets.get_version(parts.database, who, name, number)
    waits_for = shown.profile_job if shown.profile is None else None
    return details, shown, None if waits_for is None else jobs.get_job(parts.database, who, waits_for).job


def _family(profile: dict[str, Any]) -> str:
    """Return the family that the spec to begin with names."""
    if profile.get("format") not in _TABLES:
        return "text_classifier" if profile.get("format") == "texts" else "image_classifier"
    return "tabular_classifier" if profile.get("labels") else "tabular_regressor"
