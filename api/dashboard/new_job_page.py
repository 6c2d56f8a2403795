"""/jobs/new: a spec written by a form or as YAML, whichever suits, and checked by the server while it is written.

The form is made in the browser from the JSON Schema of specs; no field is named here or there.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.principal import Principal
from api.auth.requires import ChangesJobs
from api.dashboard.examples import EXAMPLES
from api.dashboard.identifiers import known_job
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.dashboard.words import as_yaml, reason
from api.operations.drafts import Syntax
from api.operations.jobs import get_job
from api.operations.trial import Trial, try_spec
from api.parts import AppParts
from db.engine import Database
from trainshed import wire
from trainshed.specs import brief_spec, parse_spec
from trainshed.specs.parse import KINDS

router = APIRouter(include_in_schema=False, route_class=PageRoute)
checks = APIRouter(include_in_schema=False)
"""What a module of the page asks: its errors are problem documents, as those of REST."""

_BLANK: Final = "kind: {kind}\n"


@router.get("/jobs/new")
async def new_job_page(
    request: Request, parts: AppParts, who: ChangesJobs, clone: str = "", example: str = "", kind: str = ""
) -> Response:
    """Return the page: blank, or with an example or the spec of another job to begin with."""
    text = await run_in_threadpool(_beginning, parts.database, who, clone=clone, example=example, kind=kind)
    return render(
        request, "new_job.html", who, title="New job", text=text, examples=EXAMPLES, chosen=example, clone=clone
    )


async def _syntax(request: Request) -> Syntax:
    return "json" if request.headers.get("content-type", "").startswith("application/json") else "yaml"


async def _content(request: Request) -> bytes:
    return await request.body()


@checks.post("/jobs/new/check")
async def check_spec(
    parts: AppParts,
    who: ChangesJobs,
    syntax: Annotated[Syntax, Depends(_syntax)],
    content: Annotated[bytes, Depends(_content)],
) -> Response:
    """Return a spec as JSON and as YAML, whichever it came as, with what is wrong with it and the job it would make."""
    found = await run_in_threadpool(try_spec, parts, who, content, syntax)
    return Response(json.dumps(_written(found), default=str), media_type="application/json")


def _beginning(database: Database, who: Principal, *, clone: str, example: str, kind: str) -> str:
    if clone:
        return as_yaml(brief_spec(parse_spec(get_job(database, who, known_job(clone)).job.spec)))
    if example in EXAMPLES:
        return EXAMPLES[example].text
    return _BLANK.format(kind=kind if kind in KINDS else next(iter(KINDS)))


def _written(found: Trial) -> dict[str, Any]:
    return {
        "document": found.document,
        "yaml": None if found.document is None else as_yaml(found.document),
        "job": None if found.job is None else _would_be(found.job),
        "detail": found.detail,
        "errors": [
            {"path": error.path, "message": error.message, "suggestion": error.suggestion} for error in found.errors
        ],
    }


def _would_be(job: wire.Job) -> dict[str, Any]:
    return {"state": job.state, "reason": reason(job.reason), "pool": job.pool, "whole": as_yaml(job.spec)}
