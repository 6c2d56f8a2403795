"""Checks a spec that is still being written: what it reads as, and what is wrong with it. Nothing is stored.

What is wrong is the answer here and no error, because somebody who is typing expects nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.auth.principal import Principal
from api.operations.drafts import Syntax, read_document
from api.operations.parts import Parts
from api.operations.submit import check
from trainshed import wire
from trainshed.errors import FieldError, TrainshedError


@dataclass(frozen=True, slots=True)
class Trial:
    """What a text came to."""

    document: dict[str, Any] | None
    """What it reads as; None where it cannot be read, or is no mapping."""
    job: wire.Job | None
    """The job that a submit would make; None where one would be refused."""
    detail: str
    """Why it would be refused. Empty where it would not."""
    errors: tuple[FieldError, ...]


def try_spec(parts: Parts, who: Principal, content: bytes, syntax: Syntax) -> Trial:
    """Return what a submit of `content` would come to. Raises what is not the sender's fault, and nothing else."""
    document: dict[str, Any] | None = None
    try:
        read = read_document(content, syntax)
        document = read if isinstance(read, dict) else None
        return Trial(document, check(parts, who, content, syntax), "", ())
    except TrainshedError as error:
        if error.status >= 500:
            raise
        return Trial(document, None, error.detail, error.errors)
