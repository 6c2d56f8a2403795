"""What can go wrong, as one tree.

    TrainshedError
    ├── InvalidSpec            spec_invalid            422   the job spec has errors; all of them are listed
    ├── InvalidRequest         request_invalid         422   a query, path or body field has errors
    │   └── MalformedBody      body_malformed          400   the body is not readable at all
    ├── BodyTooLarge           body_too_large          413
    ├── UnsupportedMediaType   media_type_unsupported  415
    ├── Unauthenticated        unauthenticated         401
    ├── Forbidden              forbidden               403
    ├── NotFound               not_found               404
    │   └── RouteNotFound      route_not_found         404
    ├── MethodNotAllowed       method_not_allowed      405
    ├── Misdirected            host_not_served         421   the Host header names another server
    ├── Conflict               conflict                409
    │   ├── AlreadyFinished    job_already_finished    409
    │   ├── NotFinished        job_not_finished        409
    │   ├── InUse              in_use                  409   something unfinished still needs it
    │   ├── AlreadyExists      already_exists          409
    │   └── UploadIncomplete   upload_incomplete       409   parts are missing
    ├── PreconditionFailed     precondition_failed     412   If-Match names an older version
    ├── DigestMismatch         digest_mismatch         422   bytes that arrived are not those that were announced
    ├── IdempotencyMismatch    idempotency_mismatch    422   same key, other body
    ├── NothingFits            nothing_fits            422   no worker of the pool is large enough
    ├── RangeNotSatisfiable    range_not_satisfiable   416
    ├── TooManyRequests        too_many_requests       429
    ├── Unavailable            unavailable             503   the database or the store does not answer
    ├── Internal               internal                500   a defect of the server
    └── client side
        ├── Unreachable        unreachable                   no server answers at this address
        ├── UnexpectedAnswer   unexpected_answer             what answers is no Trainshed server
        ├── NotConfigured      not_configured                no server address or key is known
        ├── WaitTimedOut       wait_timed_out                the job did not finish in time
        └── JobFailed          job_failed                    `raise_on_failure` of a wait

Each class carries its `code`, its HTTP `status`, and a `remedy`: what to do next. An instance carries the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

if TYPE_CHECKING:  # errors come before bodies: most that are raised never see one
    from trainshed.wire import Problem


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with an input. `path` is dotted, for example `training.epochs` or `preprocess[1].height`."""

    path: str
    message: str
    value: Any = None
    allowed: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class TrainshedError(Exception):
    """Base of every error that Trainshed raises on purpose.

    `detail` says in words what happened; `errors` lists the fields concerned; `facts` is what a program may want. In
    the client `problem` is what the server answered; None for errors that arose on this side.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    remedy: ClassVar[str] = ""
    problem: Problem | None = None

    def __init__(
        self,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        facts: dict[str, Any] | None = None,
        remedy: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.facts = facts or {}
        self.advice = self.remedy if remedy is None else remedy
        self.request_id = request_id

    def __str__(self) -> str:
        lines = [self.detail, *(f"  - {error}" for error in self.errors)]
        return "\n".join(lines)


class InvalidSpec(TrainshedError):
    code = "spec_invalid"
    status = 422
    title = "The job spec has errors"
    remedy = "Correct the listed fields and submit again. The JSON Schema of job specs is docs/job.schema.json."


class InvalidRequest(TrainshedError):
    code = "request_invalid"
    status = 422
    title = "The request has errors"
    remedy = "Correct the listed fields and send the request again."


class MalformedBody(InvalidRequest):
    code = "body_malformed"
    status = 400
    title = "The body cannot be read"
    remedy = "Send one JSON object as application/json, or YAML as application/yaml."


class BodyTooLarge(TrainshedError):
    code = "body_too_large"
    status = 413
    title = "The body is too large"
    remedy = "Send a smaller body. Data belongs in a dataset, not in a spec."


class UnsupportedMediaType(TrainshedError):
    code = "media_type_unsupported"
    status = 415
    title = "The content type is not supported"
    remedy = "Send application/json or application/yaml."


class Unauthenticated(TrainshedError):
    code = "unauthenticated"
    status = 401
    title = "No valid API key"
    remedy = "Send `Authorization: Bearer <key>`. In local mode the key is in the data folder, file admin.key."


class Forbidden(TrainshedError):
    code = "forbidden"
    status = 403
    title = "This key may not do that"
    remedy = "Use a key with the role that the answer names."


class NotFound(TrainshedError):
    code = "not_found"
    status = 404
    title = "Not found"
    remedy = "Check the identifier; `trainshed job list` shows what there is."


class RouteNotFound(NotFound):
    code = "route_not_found"
    title = "No such address"
    remedy = "The routes are under /api/v1; /openapi.json lists them."


class MethodNotAllowed(TrainshedError):
    code = "method_not_allowed"
    status = 405
    title = "This address does not take that method"
    remedy = "See the `Allow` header."


class Misdirected(TrainshedError):
    code = "host_not_served"
    status = 421
    title = "This server does not serve that host"
    remedy = "Use the server's own address, or add the host to TRAINSHED_ALLOWED_HOSTS."


class Conflict(TrainshedError):
    code = "conflict"
    status = 409
    title = "The request does not fit the present state"
    remedy = "Read the present state and decide again."


class AlreadyFinished(Conflict):
    code = "job_already_finished"
    title = "The job has already finished"
    remedy = "A finished job stays as it is. Submit a new job to run it again."


class NotFinished(Conflict):
    code = "job_not_finished"
    title = "The job has not finished"
    remedy = "Wait for its end, or cancel it first."


class InUse(Conflict):
    code = "in_use"
    title = "Something unfinished still needs it"
    remedy = "Wait for the jobs that the answer names, or cancel them first."


class AlreadyExists(Conflict):
    code = "already_exists"
    title = "There is one already"
    remedy = "Choose another name."


class UploadIncomplete(Conflict):
    code = "upload_incomplete"
    title = "Parts of the upload are missing"
    remedy = "Send the parts that the answer names, then complete it."


class PreconditionFailed(TrainshedError):
    code = "precondition_failed"
    status = 412
    title = "It has changed since you read it"
    remedy = "Read it again, decide again, and send the new ETag as If-Match."


class DigestMismatch(TrainshedError):
    code = "digest_mismatch"
    status = 422
    title = "The bytes are not those that were announced"
    remedy = "Send them again. If it happens again, compute the SHA-256 anew: the file may have changed meanwhile."


class IdempotencyMismatch(TrainshedError):
    code = "idempotency_mismatch"
    status = 422
    title = "This Idempotency-Key was used with another request"
    remedy = "Use a new key for a new request; use the same body to repeat the old one."


class NothingFits(TrainshedError):
    code = "nothing_fits"
    status = 422
    title = "No worker of this pool is large enough"
    remedy = "Ask for less, name another pool, or start a larger worker."


class RangeNotSatisfiable(TrainshedError):
    code = "range_not_satisfiable"
    status = 416
    title = "The range lies outside of the content"
    remedy = "Ask for a range within the size that the answer names."


class TooManyRequests(TrainshedError):
    code = "too_many_requests"
    status = 429
    title = "Too many requests"
    remedy = "Wait as long as Retry-After says."


class Unavailable(TrainshedError):
    code = "unavailable"
    status = 503
    title = "A part of the platform does not answer"
    remedy = "Send the request again after Retry-After seconds; an Idempotency-Key makes that safe."


class Internal(TrainshedError):
    code = "internal"
    status = 500
    title = "The server made a mistake"
    remedy = "Nothing was stored. Report the request id; the server's log has the details under it."


class Unreachable(TrainshedError):
    code = "unreachable"
    title = "No server answers"
    remedy = "Start one with `trainshed up`, or name another with --url or TRAINSHED_URL."


class UnexpectedAnswer(TrainshedError):
    code = "unexpected_answer"
    title = "What answers is no Trainshed server"
    remedy = "Check --url or TRAINSHED_URL."


class NotConfigured(TrainshedError):
    code = "not_configured"
    title = "No server is known"
    remedy = "Start one here with `trainshed up`, or set TRAINSHED_URL and TRAINSHED_TOKEN."


class WaitTimedOut(TrainshedError):
    code = "wait_timed_out"
    title = "The job did not finish in time"
    remedy = "It goes on by itself. Wait again, or cancel it."


class JobFailed(TrainshedError):
    code = "job_failed"
    title = "The job did not succeed"
    remedy = "Read its log and its last attempt: `trainshed job logs ID`, `trainshed job get ID`."


def _descendants(cls: type[TrainshedError]) -> list[type[TrainshedError]]:
    return [found for child in cls.__subclasses__() for found in (child, *_descendants(child))]


BY_CODE: Final[dict[str, type[TrainshedError]]] = {cls.code: cls for cls in _descendants(TrainshedError)}
"""Every error class by its code: the client turns a problem document back into the exception it came from."""

CLIENT_SIDE: Final = frozenset({Unreachable, UnexpectedAnswer, NotConfigured, WaitTimedOut, JobFailed})
"""Errors that arise in the client and have no HTTP status."""
