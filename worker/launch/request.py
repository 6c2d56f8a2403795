"""What a supervisor asks for, and how it becomes the plan of a job process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from worker.launch.plan import Plan
from worker.launch.sandbox import SandboxPolicy
from worker.protocol import DataFile

REPORT_FILE: Final = "report.jsonl"
"""Where a program reports, in the folder of the attempt."""
_LIBRARY: Final = "lib"
CHECKOUT: Final = Path(__file__).resolve().parents[2]
_PASSED_ON: Final = (
    *("PATH", "LANG", "TZ", "PYTHONHASHSEED", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "KERAS_BACKEND"),
    *("TF_ENABLE_ONEDNN_OPTS", "TF_CPP_MIN_LOG_LEVEL", "XLA_FLAGS"),
)
_ZYGOTE_ENVIRONMENT: Final = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "PYTHONPATH": str(CHECKOUT),
    "KERAS_HOME": "/dev/null/keras",  # no keras.json of anybody changes what a job computes
    "OPENBLAS_NUM_THREADS": "1",  # its thread pool would be the second thread of the zygote
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # so would that of pyarrow, which pandas imports where both are
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # Tensors come and go with each step; without these each step maps, faults in and unmaps its pages again (-4 %).
    "MALLOC_TOP_PAD_": str(256 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(2 << 30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """One attempt to start."""

    job_id: str
    attempt: int
    workdir: Path
    """The folder of the attempt, which the job may write. Log and spool of the supervisor must lie outside of it."""
    log_fd: int
    """An open file, O_APPEND, for stdout and stderr. It stays the caller's to close."""
    threads: int
    argv: tuple[str, ...] | None = None
    """The program to run; None for the training child."""
    task: Mapping[str, Any] | None = None
    """The spec for the training child, as `dump_spec` gave it."""
    work: Literal["run", "decode"] = "run"
    """What the training child does with it; to decode, `task` is the `data` of a spec."""
    env: Mapping[str, str] = field(default_factory=dict)
    """What the spec adds to the environment."""
    memory_limit_bytes: int | None = None
    data_roots: tuple[Path, ...] = ()
    """Folders the job may read."""
    data_files: Mapping[str, DataFile] = field(default_factory=dict)
    """Uploaded datasets the training child may read, by what the spec calls them."""
    states: tuple[Path, ...] = ()
    """States in the folder of the attempt for the training child to go on from, the latest first."""
    halvings: int = 0
    """How often to halve the batch of a training."""
    hidden: tuple[Path, ...] = ()
    """Folders of the worker, which the job shall see empty where it can have mounts of its own."""
    allow_unisolated: bool = False
    """Whether a program may run on a machine that cannot hide files from it."""
    network: bool = False
    """Whether the job may use the network of the machine."""

    def __post_init__(self) -> None:
        if (self.argv is None) == (self.task is None):
            raise ValueError("give either argv, for a program, or task, for the training child")


def zygote_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the few variables of `environ` that a zygote may know, and our own. No secret gets this far."""
    passed_on = {name: environ[name] for name in environ if name in _PASSED_ON or name.startswith("LC_")}
    return _ZYGOTE_ENVIRONMENT | passed_on


def make_plan(request: LaunchRequest) -> Plan:
    """Make the folders of the attempt, and return what its processes are told."""
    workdir = request.workdir.resolve()
    for name in ("tmp", "work", "output"):
        (workdir / name).mkdir(parents=True, exist_ok=True)
    is_program = request.argv is not None
    if is_program:
        _link_library(workdir / _LIBRARY)
    return Plan(
        argv=request.argv,
        environment=_program_environment(request, workdir) if is_program else _child_environment(request, workdir),
        job_environment={} if is_program else dict(request.env),
        workdir=str(workdir),
        directory=str(workdir / "work") if is_program else str(workdir),
        memory_limit_bytes=request.memory_limit_bytes,
        policy=_policy(request, workdir),
    )


def _link_library(folder: Path) -> None:
    """Make a folder in which Python finds the package `trainshed` and nothing else."""
    folder.mkdir(exist_ok=True)
    link = folder / "trainshed"
    if not link.is_symlink():
        link.symlink_to(CHECKOUT / "trainshed")


def _program_environment(request: LaunchRequest, workdir: Path) -> dict[str, str]:
    """A spec may change any of it but the names that begin with TRAINSHED_, which specs refuse."""
    threads = str(request.threads)
    defaults = {
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "trainshed",
        "LOGNAME": "trainshed",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
    }
    # The sandbox lets nobody list the checkout, so Python would not find `trainshed.report` there by itself.
    reports = {"TRAINSHED_REPORT_FILE": str(workdir / REPORT_FILE), "PYTHONPATH": str(workdir / _LIBRARY)}
    return defaults | _child_environment(request, workdir) | reports | dict(request.env)


def _child_environment(request: LaunchRequest, workdir: Path) -> dict[str, str]:
    return {
        "TRAINSHED_JOB_ID": request.job_id,
        "TRAINSHED_ATTEMPT": str(request.attempt),
        "TRAINSHED_OUTPUT_DIR": str(workdir / "output"),
        "HOME": str(workdir),
        "TMPDIR": str(workdir / "tmp"),
        "PYTHONUNBUFFERED": "1",
    }


def _policy(request: LaunchRequest, workdir: Path) -> SandboxPolicy:
    return SandboxPolicy(
        required=request.argv is not None and not request.allow_unisolated,
        writable=(str(workdir),),
        readable=(*map(str, request.data_roots), *(file.path for file in request.data_files.values())),
        hidden=tuple(str(folder) for folder in request.hidden),
        temporary=str(workdir / "tmp"),
        network=request.network,
    )
