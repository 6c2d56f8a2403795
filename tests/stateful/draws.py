"""What the rules draw from."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from tests.stateful.shed import WORKERS
from trainshed.states import AttemptOutcome

ENDS: Final = (
    *[AttemptOutcome.SUCCEEDED] * 8,  # what waits for a job needs this one
    *(outcome for outcome in AttemptOutcome if outcome is not AttemptOutcome.RUNNING),
)
SPECS: Final = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["command", "train"]),
        "priority": st.integers(0, 2),
        "resources": st.fixed_dictionaries(
            {},
            optional={
                "pool": st.sampled_from(["cpu", "cpu", "gpu"]),
                "cpus": st.sampled_from([1.0, 2.0]),
                "memory": st.sampled_from([2**20, 2**33]),
                "gpus": st.integers(0, 1),
            },
        ),
        "retry": st.fixed_dictionaries(
            {"budget": st.fixed_dictionaries({"crashed": st.integers(0, 1), "worker_lost": st.integers(0, 2)})}
        ),
        "timeout": st.fixed_dictionaries({"queue": st.sampled_from([3.0, 60.0])}),
    },
)
ANY_WORKER: Final = st.sampled_from(WORKERS)
LACKS: Final = st.sampled_from(
    [
        *[{}] * 6,
        {"gpus": 1},
        {"pool": "gpu", "gpus": 1},
        {"cpus": 1.0},
        {"cpus": 0.5},
        {"memory_bytes": 0},
        {"runs_commands": False},
    ]
)
"""What a worker has less of, or more, than an idle one of the pool `cpu`."""
FIRST: Final = (
    {},
    {"resources": {"cpus": 2.0}, "priority": 1},
    {"resources": {"gpus": 1}, "priority": 2},
    {"resources": {"memory": 2**33}},
    {"resources": {"pool": "gpu"}},
    {"timeout": {"queue": 3.0}},
    {"kind": "train"},
)
