"""The job process between its fork and the first line of the job: own session, own descriptors, limits, sandbox.

It says on a status pipe how far it came, one JSON object a line: `{"ready": {...}}` when the sandbox is entered, then
nothing more when the program was started, or `{"failed": {...}}` at whatever went wrong.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Final, Literal, NoReturn

from worker.launch import child_signal, descriptors, linux, packets, sandbox
from worker.launch.plan import Plan, read_plan, write_plan

Stage = Literal["setup", "exec"]
CHANNEL: Final = 3
"""The descriptor of the channel to the supervisor in a job process."""
STATUS: Final = 4
PLAN: Final = 5
_MOST_FILES: Final = 65_536
_FILES: Final = 4096


def wait_to_become_job(
    orders: socket.socket, status: int, *, child: Callable[[int], NoReturn] | None, init_pid: int
) -> NoReturn:
    """Get this freshly forked process ready, wait for the job, and become it.

    `orders` brings log, plan and channel. `child` is the entry of the training child in a process that has it imported,
    else None: it is started by an exec.
    """
    try:
        linux.set_process_name("trainshed-spare")
        linux.die_with_parent(init_pid)
        child_signal.restore_defaults()
        child_signal.ignore_stop_requests()
        os.setsid()
        _limit_resources()
        linux.forbid_new_privileges()
        message, given = packets.receive(orders)
        if message is None:
            os._exit(0)
        child_signal.heed_stop_requests()
        linux.set_process_name("trainshed-job")
        log, plan_file, channel = given
        plan = read_plan(plan_file)
        _place_descriptors(log, channel, status)
        status = STATUS
        os.chdir(plan.directory)
        if plan.argv is not None:
            _run_program(plan, plan.argv)
        if child is None:
            _run_cold_child(plan)
        _run_warm_child(plan, child)
    except BaseException as error:  # noqa: BLE001 - nothing may climb into the frames of the zygote
        report_failure(status, "setup", error)
    finally:
        os._exit(127)


def enter_sandbox(plan: Plan, status: int) -> None:
    """Enter the sandbox of the plan, and say on the status pipe which level was reached."""
    forked_at = time.time()
    level = sandbox.enter(plan.policy)
    _write(status, {"ready": {"level": asdict(level), "forked_at": forked_at, "sandboxed_at": time.time()}})


def report_failure(status: int, stage: Stage, error: BaseException) -> None:
    """Say on the status pipe that the job could not be started."""
    number = error.errno if isinstance(error, OSError) else None
    detail = os.strerror(number) if number else f"{type(error).__name__}: {error}"
    _write(status, {"failed": {"stage": stage, "errno": number, "detail": detail}})


def _write(status: int, message: dict[str, object]) -> None:
    os.write(status, json.dumps(message).encode() + b"\n")


def _place_descriptors(log: int, channel: int, status: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    descriptors.place((nothing, log, log, channel, status))


def _limit_resources() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, most), most))


def _run_program(plan: Plan, argv: tuple[str, ...]) -> NoReturn:
    os.close(CHANNEL)  # a program reports nothing; a descriptor it does not expect only confuses it
    os.set_inheritable(STATUS, False)
    enter_sandbox(plan, STATUS)
    try:
        os.execvpe(argv[0], argv, dict(plan.environment))  # noqa: S606 - a shell is what the spec asks for, or nothing
    except (OSError, ValueError) as error:
        report_failure(STATUS, "exec", error)
    os._exit(127)


def _run_warm_child(plan: Plan, child: Callable[[int], NoReturn]) -> NoReturn:
    os.environ.update(plan.environment)
    enter_sandbox(plan, STATUS)
    os.close(STATUS)
    os.environ.update(plan.job_environment)
    child(CHANNEL)


def _run_cold_child(plan: Plan) -> NoReturn:
    """Its sandbox is entered after the imports, as on the warm path. -P: no module is imported from the workdir."""
    os.dup2(write_plan(plan), PLAN)
    os.set_inheritable(PLAN, True)  # dup2 onto itself would leave it as it was
    descriptors.close_all_but((CHANNEL, STATUS, PLAN))
    argv = [sys.executable, "-P", "-m", "worker.launch.cold"]
    os.execve(sys.executable, argv, dict(os.environ) | dict(plan.environment))  # noqa: S606 - our own program
