"""Part `w`: workload W through Trainshed, against what a user would do instead, in interleaved rounds.

All arms train the same network on the same data in the same order from the same seed, and measure it on the same test
images. The peers run `bench/arms/train.py` (Keras' own `fit`); Trainshed runs its own loop, so its weights are not the
same bits. What is held to be equal is accuracy and loss on the test images.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.arm import Arm, Round, program_arm, trainshed_arm
from bench.cpu import cpu_meter
from bench.gates import Gate, at_least, at_most
from bench.peers import interpreter
from bench.platform import bench_platform
from bench.workload import write_w
from tests.servers import ValkeyServer, free_port

OURS, FLOOR = "trainshed", "fork floor"
JOBS = {OURS: 16, FLOOR: 16, "warm process": 4, "rq preloaded": 4, "celery prefork": 4, "script": 2}
"""Jobs a round. What only says how much slower it is runs fewer: its cost is by job."""
JOBS_ONCE = {"ray jobs": 3, "mlflow projects": 2, "prefect deployment": 2}
"""The same, of arms so slow that they run in the first round alone."""
LOSS_TOLERANCE, ACCURACY_TOLERANCE = 0.02, 0.01

Rounds = dict[str, list[Round]]


def measure_w(folder: Path, *, slots: int, rounds: int, arms: list[str] | None = None) -> dict[str, Any]:
    """Return medians by arm. Peers that are not installed are listed as that."""
    data = folder / "platform" / "data" / "w.npz"
    source = write_w(data)
    with ExitStack() as opened:
        chosen, missing = _open(opened, folder, data, slots, arms)
        results: Rounds = {arm.name: [] for arm in chosen}
        for number in range(rounds):
            for arm in chosen:
                if number == 0 or arm.name in JOBS:
                    results[arm.name].append(one := arm.round((JOBS | JOBS_ONCE)[arm.name]))
                    print(f"  round {number + 1}: {arm.name}, {one.wall_s / one.jobs:.2f} s a job", flush=True)
    found = {
        "data": source,
        "slots": slots,
        "rounds": rounds,
        "arms": {name: _summary(several) for name, several in results.items()},
        "not_installed": missing,
        "same_outputs": _are_same(results),
    }
    _print(found)
    return found


def _open(
    opened: ExitStack, folder: Path, data: Path, slots: int, wanted: list[str] | None
) -> tuple[list[Arm], list[str]]:
    """Start the arms. Returns those that run, and the names of those that are not installed."""
    valkey = ValkeyServer(folder / "broker")
    valkey.start()
    opened.callback(valkey.stop)
    arms, missing = [], []
    for name in (*JOBS, *JOBS_ONCE):
        if (wanted and name not in wanted) or (name == "warm process" and slots > 1):
            continue
        peer = PEER_OF.get(name)
        python = interpreter(peer) if peer else Path(sys.executable)
        if python is None:
            missing.append(name)
        elif name == OURS:
            arms.append(opened.enter_context(_ours(folder, data, slots)))
        else:
            arms.append(opened.enter_context(_program(name, python, folder, data, slots, valkey)))
    return arms, missing


PEER_OF = {"rq preloaded": "rq", "ray jobs": "ray", "mlflow projects": "mlflow", "prefect deployment": "prefect"}
MODULES = {
    "warm process": "warm",
    FLOOR: "forked",
    "script": "script",
    "rq preloaded": "rq_preloaded",
    "celery prefork": "celery_prefork",
    "ray jobs": "ray_jobs",
    "mlflow projects": "mlflow_projects",
    "prefect deployment": "prefect_deployment",
}


@contextmanager
def _ours(folder: Path, data: Path, slots: int) -> Iterator[Arm]:
    with cpu_meter(OURS) as meter, ExitStack() as started:
        with meter.entered():
            platform = started.enter_context(bench_platform(folder, database="sqlite", slots=slots))
        arm = trainshed_arm(OURS, platform, data, meter)
        arm.round(slots)
        yield arm


@contextmanager
def _program(name: str, python: Path, folder: Path, data: Path, slots: int, valkey: ValkeyServer) -> Iterator[Arm]:
    own, port = folder / name.replace(" ", "-"), str(free_port())
    argv = [str(python), "-m", f"bench.arms.{MODULES[name]}", str(data), str(slots)]
    argv += {
        "ray jobs": [port],
        "mlflow projects": [str(own)],
        "prefect deployment": [port, str(own)],
    }.get(name, [])
    prefect = {"PREFECT_HOME": str(own), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "DO_NOT_TRACK": "1"}
    env = {"BROKER_URL": valkey.url} | (prefect if name == "prefect deployment" else {})
    with program_arm(name, argv, folder=own, env=env) as arm:
        yield arm


def _summary(rounds: list[Round]) -> dict[str, Any]:
    outputs = [output for one in rounds for output in one.outputs]
    return {
        "jobs_a_round": rounds[0].jobs,
        "wall_s_per_job": round(median(one.wall_s / one.jobs for one in rounds), 3),
        "cpu_s_per_job": round(median(one.cpu_s / one.jobs for one in rounds), 3),
        "accuracy": round(median(output["accuracy"] for output in outputs), 4),
        "loss": round(median(output["loss"] for output in outputs), 5),
        "different_weights": len({output["weights"] for output in outputs}),
    }


def _are_same(results: Rounds) -> bool:
    outputs = [output for rounds in results.values() for one in rounds for output in one.outputs]
    losses, accuracies = ([output[name] for output in outputs] for name in ("loss", "accuracy"))
    return max(losses) - min(losses) <= LOSS_TOLERANCE and max(accuracies) - min(accuracies) <= ACCURACY_TOLERANCE


def gates_of_w(found: dict[str, Any]) -> list[Gate]:
    """Return the gates of one measurement of W."""
    slots, arms = found["slots"], found["arms"]

    def ratio(name: str, than: str, key: str = "wall_s_per_job") -> float | None:
        return arms[name][key] / arms[than][key] if {name, than} <= set(arms) else None

    label = f"W at {slots} slot{'s' if slots > 1 else ''}"
    gates = [
        at_least(f"{label}: same outputs in all arms", float(found["same_outputs"]), 1),
        at_most(f"{label}: one kind of weights in all our jobs", arms[OURS]["different_weights"], 1),
        at_most(f"{label}: ours / fork floor", ratio(OURS, FLOOR), 1.05 if slots == 1 else 1.00),
        at_most(f"{label}: CPU of ours / of the fork floor", ratio(OURS, FLOOR, "cpu_s_per_job"), 1.15),
        at_least(f"{label}: RQ preloaded / ours", ratio("rq preloaded", OURS), 1.0),
    ]
    if slots == 1:
        gates += [
            at_least(f"{label}: one script a job / ours", ratio("script", OURS), 3),
            at_least(f"{label}: Ray Jobs / ours", ratio("ray jobs", OURS), 4),
            at_least(f"{label}: MLflow Projects / ours", ratio("mlflow projects", OURS), 4),
            at_least(f"{label}: Prefect deployment / ours", ratio("prefect deployment", OURS), 8),
        ]
    return gates


def _print(found: dict[str, Any]) -> None:
    print(f"\nworkload W, {found['slots']} slot(s), {found['data']}, medians of {found['rounds']} rounds")
    print(f"  {'arm':20} {'s/job':>7} {'CPU s/job':>10} {'x ours':>7} {'accuracy':>9} {'loss':>8}  kinds of weights")
    ours = found["arms"].get(OURS)
    for name, row in found["arms"].items():
        times = f"{row['wall_s_per_job'] / ours['wall_s_per_job']:7.2f}" if ours else " " * 7
        numbers = f"{row['wall_s_per_job']:7.3f} {row['cpu_s_per_job']:10.3f} {times}"
        print(f"  {name:20} {numbers} {row['accuracy']:9.4f} {row['loss']:8.4f}  {row['different_weights']}")
    for name in found["not_installed"]:
        print(f"  {name:20} not installed (make bench-peers)")
