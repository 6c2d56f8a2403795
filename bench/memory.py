"""Part `memory`: what idle and busy slots hold, against a cold `python train.py`.

USS are the bytes that a process shares with no other: what one more of it costs. PSS shares out the common ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.arm import CHECKOUT
from bench.gates import Gate, at_most
from bench.platform import bench_platform
from bench.workload import train_spec, write_w
from tests.processes import descendants, name_of

SLOTS = 2
EPOCHS = 8
_LOOK_S = 0.1
_MIB = 1 << 20
_IDLE = {"python", "trainshed-zygot", "trainshed-spare"}
"""As the kernel names the worker, its zygotes, and what waits for the next job of each."""
ENDED = {"succeeded", "failed", "cancelled"}


def measure_memory(folder: Path) -> dict[str, Any]:
    """Return MiB, by process."""
    data = folder / "platform" / "data" / "w.npz"
    write_w(data)
    cold = _cold_script(data)
    with bench_platform(folder, database="sqlite", slots=SLOTS) as platform:
        worker = platform.workers[0].pid
        idle = {_name(pid): _sizes([pid]) for pid in [worker, *descendants(worker)] if name_of(pid) in _IDLE}
        jobs = [platform.submit(train_spec(data, epochs=EPOCHS)) for _ in range(SLOTS)]
        busy = _peak_of_slots(worker, lambda: all(platform.job(job)["state"] in ENDED for job in jobs))
    found = {"cold_script_peak_rss_mib": cold, "idle": idle, "busy_slot": busy}
    _print(found)
    return found


def gates_of_memory(found: dict[str, Any]) -> list[Gate]:
    ratio = found["busy_slot"]["uss_mib"] / found["cold_script_peak_rss_mib"]
    return [at_most("memory: USS of a busy slot / peak RSS of a cold script", ratio, 0.30)]


def _cold_script(data: Path) -> float:
    """Return the peak resident size of one script."""
    script = CHECKOUT / "bench" / "arms" / "train.py"
    child = subprocess.Popen([sys.executable, script, str(data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return round(usage.ru_maxrss / 1024, 1)


def _peak_of_slots(worker: int, is_over: Any) -> dict[str, float]:
    """Return the largest sizes, for one slot (init and job), that were seen while all of them trained."""
    peak = {"uss_mib": 0.0, "pss_mib": 0.0}
    while not is_over():
        jobs = [pid for pid in descendants(worker) if name_of(pid) == "trainshed-job"]
        if len(jobs) == SLOTS:
            sizes = _sizes([*jobs, *map(_parent, jobs)])
            peak = {name: max(peak[name], round(sizes[name] / SLOTS, 1)) for name in peak}
        time.sleep(_LOOK_S)
    return peak


def _sizes(pids: Iterable[int]) -> dict[str, float]:
    uss = pss = 0
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in {"Private_Clean", "Private_Dirty"}:
                    uss += int(rest.split()[0])
                elif name == "Pss":
                    pss += int(rest.split()[0])
    return {"uss_mib": round(1024 * uss / _MIB, 1), "pss_mib": round(1024 * pss / _MIB, 1)}


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


def _name(pid: int) -> str:
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    if "worker.launch.zygote" in arguments:
        flavour = "warm" if "--preload" in arguments else "light"
        return f"{flavour} {'spare' if name_of(pid) == 'trainshed-spare' else 'zygote'}"
    return "worker"


def _print(found: dict[str, Any]) -> None:
    print("\nmemory, MiB")
    print(f"  cold script, peak RSS  {found['cold_script_peak_rss_mib']:8.1f}")
    for name, sizes in (*found["idle"].items(), ("busy slot", found["busy_slot"])):
        print(f"  {name:20} USS {sizes['uss_mib']:8.1f}  PSS {sizes['pss_mib']:8.1f}")
