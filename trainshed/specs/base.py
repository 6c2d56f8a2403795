"""What every part of a job spec shares: the strict base model, and the types for durations, sizes and names."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError


class SpecModel(BaseModel):
    """Base of all spec classes: nothing is coerced, nothing unknown is accepted, nothing changes afterwards."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
    )


_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?)?B?", re.IGNORECASE)
_BYTES: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12} | {
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


def parse_duration(value: Any) -> Any:
    """Turn `"90s"`, `"1h30m"` or a number of seconds into seconds; leave any other type for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    parts = _DURATION.findall(value)
    if not parts or _DURATION.sub("", value).strip():
        raise PydanticCustomError(
            "duration", "not a duration; write for example 90s, 15m, 1h30m or 2d, or a number of seconds"
        )
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_size(value: Any) -> Any:
    """Turn `"2GiB"`, `"500M"` or a number of bytes into bytes; leave any other type for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise PydanticCustomError("size", "not a size; write for example 512MiB, 2GiB or 4G, or a number of bytes")
    return int(float(match[1]) * _BYTES[(match[2] or "").lower()])


DURATION_TEXT: Final = {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+$"}
"""The JSON Schema of what `parse_duration` reads."""

_SIZE_TEXT: Final = {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KMGTkmgt][Ii]?)?[Bb]?\s*$"}

Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "exclusiveMinimum": 0}, DURATION_TEXT],
            "description": "Seconds, or 90s, 15m, 1h30m, 2d",
        }
    ),
]
"""A length of time in seconds."""

Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer", "exclusiveMinimum": 0}, _SIZE_TEXT],
            "description": "Bytes, or 512MiB, 2GiB, 4G",
        }
    ),
]
"""A size in bytes."""

_NAME: Final = r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"
_LABEL_KEY: Final = r"^[a-z0-9]([a-z0-9._/-]*[a-z0-9])?$"
_JOB_ID: Final = r"^job_[0-9a-z]{26}$"
_ENV_NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]*$"
RESERVED_DATASETS: Final = frozenset({"builtin", "synthetic"})
"""Names that stand before those of datasets which come with a worker."""
DATASET: Final = r"^[a-z0-9][a-z0-9._/-]*(@[0-9]+)?$"
ABSOLUTE_PATH: Final = r"^/[^\x00]*$"

FORMS: Final = {
    _NAME: "lower-case letters, digits, dots, dashes and underscores, with a letter or digit at both ends",
    _LABEL_KEY: "lower-case letters, digits, dots, dashes, underscores and slashes",
    _JOB_ID: "the identifier of a job, for example job_01kb3ag7q8e6v4w9x2c5n8r1tz",
    _ENV_NAME: "letters, digits and underscores, not beginning with a digit",
    DATASET: "the name of a dataset, for example builtin/digits or faces@2",
    ABSOLUTE_PATH: "an absolute path, for example /data/digits.npz",
}
"""What each pattern stands for, in words, for error messages."""

Name = Annotated[str, Field(min_length=1, max_length=63, pattern=_NAME)]
"""Lower-case letters, digits, dots, dashes and underscores; at most 63."""

LabelKey = Annotated[str, Field(min_length=1, max_length=63, pattern=_LABEL_KEY)]
LabelValue = Annotated[str, Field(max_length=63, pattern=r"^[^\x00-\x1f\x7f]*$")]
JobId = Annotated[str, Field(pattern=_JOB_ID)]
"""The identifier of a job, as `submit` returned it."""
EnvName = Annotated[str, Field(max_length=128, pattern=_ENV_NAME)]
EnvValue = Annotated[str, Field(max_length=32_768, pattern=r"^[^\x00]*$")]
