"""What a supervisor hears of a running job. The frames of `worker.protocol` come along as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from worker.launch.job import Stage
from worker.launch.sandbox import SandboxLevel
from worker.protocol import ChildFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The job process runs, isolated as `level` says."""

    pid: int
    start_ticks: int
    """With the pid it names the process for certain."""
    init_pid: int
    level: SandboxLevel
    forked_at: float
    """Seconds since 1970, as the next one."""
    sandboxed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStarted:
    """The program could not be run: not there, not executable, no program. `Exited` and `Gone` follow."""

    stage: Stage
    errno: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The main process has ended, by an exit code or by a signal. What it left behind is being ended."""

    code: int | None
    signal: int | None
    user_s: float
    system_s: float
    max_rss_bytes: int
    out_of_memory: bool
    """Whether it was killed because its tree went above the memory limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """No process of the job is left. CPU times are those of all of them."""

    user_s: float
    system_s: float


@dataclass(frozen=True, slots=True)
class InitLost:
    """The init of the job was killed. The job is dying with it; `RunningJob.sweep` makes sure."""


@dataclass(frozen=True, slots=True)
class ChannelClosed:
    """The child will say no more: it ended, or closed its end."""


@dataclass(frozen=True, slots=True)
class BadFrame:
    """The child said something that is no frame. Nothing more is read from it; kill it."""

    detail: str


Event = Started | NotStarted | Exited | Gone | InitLost | ChannelClosed | BadFrame | ChildFrame


def from_init(message: dict[str, Any]) -> Event:
    """Return the event that init reports."""
    fields = {name: value for name, value in message.items() if name != "event"}
    match message["event"]:
        case "started":
            return Started(**fields | {"level": SandboxLevel(**fields["level"])})
        case "not_started":
            return NotStarted(**fields)
        case "exited":
            return Exited(**fields)
        case "gone":
            return Gone(**fields)
        case unknown:
            raise ValueError(f"init reports {unknown}")
