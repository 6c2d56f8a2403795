"""What bit-identity depends on beside spec, data and seed: recorded in each state, compared by who goes on from it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ml.versions import versions

_INSTRUCTION_SETS: Final = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd", "sve")
"""Those that the kernels of TensorFlow and oneDNN are chosen by."""


def environment(*, threads: int) -> dict[str, Any]:
    """Return the facts of this process; JSON values."""
    return {
        **versions(),
        "threads": threads,
        "machine": platform.machine(),
        "instruction_sets": _instruction_sets(Path("/proc/cpuinfo")),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what differs, in words; empty: the rest of the run gives what an uninterrupted one would."""
    return [
        f"{name} was {_shown(then.get(name))} and is {_shown(now.get(name))}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def _instruction_sets(cpuinfo: Path) -> list[str]:
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return []
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    known = set(flags.partition(":")[2].split())
    return [name for name in _INSTRUCTION_SETS if name in known]


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
