"""The page of the long proofs: what the last whole run of each found, from `docs/proofs.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

FIGURES: Final = Path(__file__).resolve().parent / "proofs.json"
"""Written by `make proofs`, out of the reports of the commands."""
_HEAD: Final = """# The long proofs

What is too long for each change, with the figures of its last whole run. `make test` runs a part of each. Each command
writes its report to `.trainshed/proofs`, and `make proofs` takes the figures from there.
"""

_Report = Mapping[str, Any]


def _sim(report: _Report) -> str:
    return f"""
## Simulation

    make sim

Each seed is a platform: the real code of two workers, two reconcilers and of the API, with every statement, on
simulated threads, time and wires. Processes are killed, frozen and drained, the database goes away, clocks jump, hints
are lost and come twice, connections are cut before and after a commit, and any thread is held up or killed between a
commit and the next line. Each commit is judged: whoever made it must hold the job, and it must be a legal move. In the
end every acknowledged job is there once and has ended, logs are what was printed, and the points of a training are
those of the state it went on from and its own. The same seed gives the same run: one that fails is printed,
and `make sim SEED=n` goes through it again.

| seeds | commits judged | attempts that went on from a state | violations | CPU s | s on 2 cores |
|---|---|---|---|---|---|
| {report["seeds"]:,} | {report["judged_commits"]:,} | {report["attempts_that_went_on"]:,} | {report["violations"]} |\
 {report["cpu_s"]:,.0f} | {report["wall_s"]:,.0f} |

It met {len(report["events_met"])} types of events, every move of [the life of a job](state_machine.md) among them.

The same judge follows `tests/stateful`, where hypothesis makes every move in any order and with stale knowledge, 1,000
times 50 on SQLite, and on Postgres with transactions that stay open. That is part of `make test`.
"""


def _crashpoints(report: _Report) -> str:
    rows = "\n".join(
        f"| {effect} | `{where}` | {faults} |"
        for effect, where, faults in sorted(
            (*name.split(" ", 1), faults) for name, faults in report["faults_by_place"].items()
        )
    )
    modes = "\n".join(f"- {mode}" for mode in report["modes"])
    return f"""
## Crash points

    make crashpoints

Each commit, each time that bytes are stored or fetched and each start of a process tree is a point. A run is made once
for each point and each way to fail:

{modes}

Then the platform goes on, and all that a simulation demands must hold; bytes of listed artifacts must be what their
rows say. The hooks are in the tests alone. The places are found by reading the code: a new one must be reached by the
runs, or `tests/crashpoints/sites.py` must say what stands for it.

{report["faults"]:,} faults, {report["not_recovered"]} not recovered, {report["cpu_s"]:,.0f} s of CPU.

| what | where | faults |
|---|---|---|
{rows}
"""


def _resume(report: _Report) -> str:
    return f"""
## Exact resume

    make resume-proof

Trainings of drawn recipes are killed with SIGKILL one to five times, at random moments and while a state is written.
Weights and every point of every series must be those of a training that was not killed.

| trainings | equal to the last bit | kills | of them while a state was written | attempts that went on from a state |
|---|---|---|---|---|
| {report["cases"]} | {report["equal"]} | {report["kills"]} | {report["kills_while_writing"]} | {report["resumed"]} |
"""


def _logs(report: _Report) -> str:
    return f"""
## Logs

    make log-proof

Programs print numbered lines as fast as they can, among them very long ones, progress bars and bytes that are no text,
and are killed with SIGKILL at random, some together with their worker. A client follows over a wire that breaks all the
time. What it read must be the bytes of the file on the worker's disk, in order, once.

| programs | read to the last byte | bytes | killed together with the worker | connections cut |
|---|---|---|---|---|
| {report["cases"]} | {report["equal"]} | {report["bytes"]:,} | {report["killed_with_worker"]} |\
 {report["connections_cut"]:,} |
"""


def _outage(report: _Report) -> str:
    ways = " | ".join(f"{report['away_s']:g} s {way}" for way in report["away"])
    return f"""
## A database that is away

    make outage-proof

Two trainings run on Postgres, which goes away and comes back, twice. None of them may begin again, and every step must
have been told.

| Postgres | steps told | trainings that began again, steps missing |
|---|---|---|
| {ways.replace(" | ", ", then ")} | {", ".join(f"{steps:,}" for steps in report["steps"])} | {len(report["wrong"])} |
"""


def _steady(report: _Report) -> str:
    rows = "\n".join(
        f"| {name} | {first} | {last} | {held['rss_ratio']:.3f} | {', '.join(map(str, held['descriptors']))} |"
        for name, held in report["processes"].items()
        for first, last in [held["rss_mib"]]
    )
    return f"""
## Steady state

    make steady-proof

{report["jobs"]:,} jobs, each hundredth of them a training, go through one platform on Postgres. What its processes hold
in the end is compared with what they held after the first {report["compared_with_after"]:,}.

| process | MiB resident, then | in the end | ratio | descriptors, then and in the end |
|---|---|---|---|---|
{rows}

There were never more than {report["most_connections"]} connections to Postgres, and {report["most_broker_keys"]} keys
in the broker.
"""


def _chaos(report: _Report) -> str:
    rows = "\n".join(
        f"| {each['database']} | {each['acknowledged']} | {each['faults']} | {sum(each['wrong'].values())} |"
        for each in report["rounds"]
    )
    return f"""
## Chaos

    make chaos

Everything runs as real processes, and is killed, frozen, cut off and flushed while jobs come.
[chaos.md](chaos.md) has all figures.

| database | jobs acknowledged | faults | lost, doubled, changed, or with wrong logs, points, weights or artifacts |
|---|---|---|---|
{rows}
"""


_MUTANTS: Final = """
## Mutants

    make mutants

Each guard, each condition of each guarded statement, each constraint and each lock is taken out in turn, and something
must notice. The command writes the table: [mutants.md](mutants.md).
"""
_SECTIONS: Final[Mapping[str, Callable[[_Report], str]]] = {
    "sim": _sim,
    "crashpoints": _crashpoints,
    "resume": _resume,
    "logs": _logs,
    "outage": _outage,
    "steady": _steady,
    "chaos": _chaos,
}


def proofs_page() -> str:
    """Return the page, with a section for each report that was taken over."""
    reports = json.loads(FIGURES.read_text())
    return _HEAD + "".join(write(reports[name]) for name, write in _SECTIONS.items() if name in reports) + _MUTANTS
