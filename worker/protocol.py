"""What child and supervisor say to each other: frames of 4 bytes of length (big-endian), then that much JSON.

Whoever runs inside the child is not trusted: a frame is at most 1 MiB, every field is checked, nothing is coerced,
numbers are finite, and the first frame that breaks a rule raises `ProtocolError`. The supervisor then kills the child.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json

from trainshed.series import SYSTEM, is_system
from trainshed.states import AttemptOutcome

_T = TypeVar("_T")

LARGEST_FRAME: Final = 1 << 20
_LENGTH: Final = struct.Struct(">I")

CHILD_OUTCOMES: Final = frozenset(
    {
        AttemptOutcome.SUCCEEDED,
        AttemptOutcome.USER_ERROR,
        AttemptOutcome.INVALID_DATA,
        AttemptOutcome.OUT_OF_MEMORY,
        AttemptOutcome.DIVERGED,
        AttemptOutcome.STALLED,
        AttemptOutcome.STORAGE_FAILED,
    }
)
"""Outcomes that a child may claim. Those that are not charged are no child's to claim: it would be tried for ever."""


class ProtocolError(Exception):
    """What came is no frame of this protocol. The child is broken or hostile: kill it."""


def _check_outcome(outcome: AttemptOutcome) -> AttemptOutcome:
    if outcome not in CHILD_OUTCOMES:
        raise ValueError(f"a child cannot end {outcome.value}")
    return outcome


def _refuse_nul(value: JsonValue) -> JsonValue:
    """A text with NUL is none to Postgres, and an attempt that cannot be written could never end."""
    match value:
        case str() if "\0" in value:
            raise ValueError("a text holds a NUL")
        case list():
            for each in value:
                _refuse_nul(each)
        case dict():
            for name, each in value.items():
                _refuse_nul(name)
                _refuse_nul(each)
    return value


class Frame(BaseModel):
    """Base of all frames: nothing coerced, nothing unknown, nothing infinite."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Text = Annotated[str, Field(max_length=16_384, pattern=r"^[^\x00]*$")]
_Count = Annotated[int, Field(ge=0, lt=2**63)]
_Positive = Annotated[int, Field(ge=1, lt=2**31)]


class DataFile(Frame):
    """An uploaded dataset on the worker's disk."""

    path: Annotated[str, Field(max_length=4096, pattern=r"^/")]
    filename: Annotated[str, Field(max_length=255)]
    """As it was uploaded."""
    is_decoded: bool = False
    """Whether the path is a folder of what was decoded from it, and not the file itself."""


class Task(Frame):
    """The first and only frame from the supervisor: what to do."""

    frame: Literal["task"] = "task"
    job_id: Annotated[str, Field(max_length=64)]
    attempt: _Positive
    work: Literal["run", "decode"] = "run"
    spec: dict[str, JsonValue]
    """As `dump_spec` gave it; for `decode`, the `data` of one."""
    workdir: Annotated[str, Field(max_length=4096, pattern=r"^/")]
    threads: Annotated[int, Field(ge=1, le=1024)]
    data_roots: tuple[Annotated[str, Field(max_length=4096, pattern=r"^/")], ...] = ()
    data_files: Annotated[dict[_Name, DataFile], Field(max_length=100)] = {}
    """Uploaded datasets by what specs call them, for example `faces@2`."""
    states: tuple[Annotated[str, Field(max_length=4096, pattern=r"^/")], ...] = ()
    """Files with states of an earlier attempt to go on from, the latest first."""
    halvings: _Count = 0
    """How often to halve the batch of a training."""


class Hello(Frame):
    """The first frame from the child."""

    frame: Literal["hello"] = "hello"
    pid: _Positive
    """As the child sees it."""
    started_ns: _Count
    """CLOCK_MONOTONIC when the first line of the child ran; comparable across the processes of one machine."""
    time_ns: _Count
    """The same moment by the wall clock."""


def _refuse_system(points: tuple[tuple[str, int, float], ...]) -> tuple[tuple[str, int, float], ...]:
    if any(is_system(series) for series, _, _ in points):
        raise ValueError(f"a series beginning with {SYSTEM} is the worker's")
    return points


class Metrics(Frame):
    """Points of series, in the order they were reported."""

    frame: Literal["metrics"] = "metrics"
    points: Annotated[tuple[tuple[_Name, _Count, float], ...], Field(max_length=10_000), AfterValidator(_refuse_system)]
    """(series, step, value)."""


class Progress(Frame):
    """How far the job is."""

    frame: Literal["progress"] = "progress"
    fraction: Annotated[float, Field(ge=0, le=1)]
    epoch: _Count | None = None
    epochs: _Count | None = None
    step: _Count | None = None
    steps: _Count | None = None
    eta_s: Annotated[float, Field(ge=0)] | None = None


class Begun(Frame):
    """Where training begins: after so many steps and whole epochs of an earlier attempt. Comes before any point."""

    frame: Literal["begun"] = "begun"
    step: _Count
    epoch: _Count
    warnings: Annotated[tuple[_Text, ...], Field(max_length=100)] = ()
    """Why the rest may not be what an uninterrupted run would give."""


class Saved(Frame):
    """A state was written below `checkpoints/` of the workdir. All points up to its step were reported before."""

    frame: Literal["saved"] = "saved"
    step: _Count
    name: Annotated[str, Field(max_length=100, pattern=r"^[0-9a-z][0-9a-z.-]*$")]
    """Of the file, which is complete and stays as it is."""


class Result(Frame):
    """How it ended; the last frame."""

    frame: Literal["result"] = "result"
    outcome: Annotated[AttemptOutcome, AfterValidator(_check_outcome)]
    message: _Text = ""
    remedy: _Text = ""
    metrics: Annotated[dict[_Name, float], Field(max_length=10_000)] = {}
    facts: Annotated[dict[_Name, Annotated[JsonValue, AfterValidator(_refuse_nul)]], Field(max_length=1_000)] = {}


ChildFrame = Hello | Metrics | Progress | Begun | Saved | Result
_CHILD_FRAME: Final[TypeAdapter[ChildFrame]] = TypeAdapter(Annotated[ChildFrame, Field(discriminator="frame")])
_TASK: Final[TypeAdapter[Task]] = TypeAdapter(Task)


def encode(frame: Frame) -> bytes:
    """Return the bytes of one frame. Raises `ProtocolError` when it is too large."""
    body = frame.model_dump_json().encode()
    if len(body) > LARGEST_FRAME:
        raise ProtocolError(f"a frame of {len(body):,} bytes is more than {LARGEST_FRAME:,}")
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Turns bytes of a child, cut anywhere, into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[ChildFrame]:
        """Yield each frame that `data` completes. Raises `ProtocolError`; the reader is of no use after it."""
        self._buffer += data
        while (body := self._next_body()) is not None:
            yield _decode(body, _CHILD_FRAME)

    @property
    def is_inside_frame(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._buffer)

    def _next_body(self) -> bytes | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        end = _LENGTH.size + _check_length(*_LENGTH.unpack_from(self._buffer))
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return body


def _check_length(length: int) -> int:
    if not 0 < length <= LARGEST_FRAME:
        raise ProtocolError(f"a frame of {length:,} bytes; from 1 to {LARGEST_FRAME:,} are allowed")
    return length


def _decode(body: bytes, adapter: TypeAdapter[_T]) -> _T:
    try:
        from_json(body, allow_inf_nan=False)  # the models would let NaN through where any JSON value may stand
        return adapter.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ProtocolError(f"not a frame of this protocol: {where}: {first['msg']}") from error
    except ValueError as error:
        raise ProtocolError(f"not JSON: {error}") from error


def send(channel: socket.socket, frame: Frame) -> None:
    """Send one frame, waiting while the other side is slow. Raises `OSError` when it has gone."""
    channel.sendall(encode(frame))


def receive_task(channel: socket.socket) -> Task:
    """Wait for the task. Raises `ProtocolError` when something else comes, `EOFError` when the supervisor has gone."""
    length = _check_length(*_LENGTH.unpack(_receive_exactly(channel, _LENGTH.size)))
    return _decode(_receive_exactly(channel, length), _TASK)


def _receive_exactly(channel: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        chunk = channel.recv(count - len(data))
        if not chunk:
            raise EOFError("the supervisor closed the channel")
        data += chunk
    return bytes(data)
