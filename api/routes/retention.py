"""/api/v1/retention."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ChangesRetention, ReadsRetention
from api.operations import retention
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from db.retention import Policy, Rule
from trainshed import wire
from trainshed.specs.base import DURATION_TEXT, parse_duration

router = APIRouter(prefix="/api/v1/retention", tags=["retention"])

_SHORTEST_S: Final = 3_600.0
"""A number that lost its unit must not delete what was made this minute."""
_LONGEST_S: Final = 100 * 366 * 86_400.0

Age = Annotated[
    float,
    Field(ge=_SHORTEST_S, le=_LONGEST_S, strict=True),
    BeforeValidator(parse_duration),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": _SHORTEST_S, "maximum": _LONGEST_S}, DURATION_TEXT]}),
]
"""A length of time; also taken under its name in answers, so that what was read can be sent back."""
Count = Annotated[int, Field(ge=0, lt=2**31, strict=True)]


def _also(name: str) -> Any:
    return Field(validation_alias=AliasChoices(name, f"{name}_s"))


class PolicyRequest(BaseModel):
    """How long to keep what finished jobs left. What is left out is kept for ever. Ages: 30d, 12h, or seconds."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    jobs_age: Annotated[Age | None, _also("jobs_age")] = None
    """Delete jobs that finished longer ago than this, with all that belongs to them."""
    jobs_count: Count | None = None
    """Keep so many of the latest finished jobs."""
    logs_age: Annotated[Age | None, _also("logs_age")] = None
    logs_count: Count | None = None
    """Keep the logs of so many of the latest finished jobs."""
    artifacts_age: Annotated[Age | None, _also("artifacts_age")] = None
    artifacts_count: Count | None = None
    """Keep the artifacts of so many of the latest finished jobs."""

    def policy(self) -> Policy:
        return Policy(
            jobs=Rule(self.jobs_age, self.jobs_count),
            logs=Rule(self.logs_age, self.logs_count),
            artifacts=Rule(self.artifacts_age, self.artifacts_count),
        )


@router.get(
    "",
    operation_id="retention_get",
    summary="Get the retention policy",
    response_model=wire.RetentionPolicy,
    responses=problems(),
)
async def get(parts: AppParts, who: ReadsRetention) -> Response:
    """Return how long the project keeps jobs, logs and artifacts."""
    return json_answer(await run_in_threadpool(retention.get_policy, parts.database, who))


@router.put(
    "",
    operation_id="retention_set",
    summary="Set the retention policy",
    response_model=wire.RetentionPolicy,
    responses=problems(400, 413, 422),
)
async def set_(parts: AppParts, who: ChangesRetention, body: PolicyRequest) -> Response:
    """Replace the whole policy. The reconciler carries it out; try it with a dry run first."""
    return json_answer(await run_in_threadpool(retention.set_policy, parts.database, who, body.policy()))


@router.post(
    "/dry-run",
    operation_id="retention_dry_run",
    summary="Show what a retention policy would remove",
    response_model=wire.RetentionReport,
    responses=problems(400, 413, 422),
)
async def dry_run(
    parts: AppParts, who: ReadsRetention, body: Annotated[PolicyRequest | None, Body()] = None
) -> Response:
    """Return what a policy would remove now, without one, what the project's own removes. Nothing is changed."""
    policy = None if body is None else body.policy()
    return json_answer(await run_in_threadpool(retention.try_policy, parts.database, who, policy))
