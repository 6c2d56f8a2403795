"""Mixed precision: which numbers a network computes with, and whether this processor is fast with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import keras

_BFLOAT16_FLAGS: Final = {"avx512_bf16", "amx_bf16", "bf16"}
_CPU_FACTS: Final = Path("/proc/cpuinfo")


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Let layers that are made within the block compute in `float32` or `mixed_bfloat16`; weights stay float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def has_bfloat16(facts: Path = _CPU_FACTS) -> bool:
    """Whether the processor has instructions for bfloat16. Without them it is slower than float32. False if unknown."""
    try:
        lines = facts.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return not _BFLOAT16_FLAGS.isdisjoint(flags.split())
