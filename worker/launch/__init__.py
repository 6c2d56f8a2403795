"""Starts one process tree for one attempt, isolated and without credentials, and never leaves a process behind.

    worker ── keeper thread ── zygote (warm, single-threaded) ── init (one a job) ── job ── whatever it starts

- `launcher`, `running`, `events`: the side of the supervisor, in the worker.
- `zygote`: a process that has imported what jobs need and forks an init for each.
- `init`: the parent of one job; it reports, carries out commands, and is the last to leave.
- `job`, `sandbox`, `landlock`, `mounts`: what happens between the fork and the first line of the job.
- `tree`, `linux`, `packets`, `plan`: processes, kernel calls, messages, and what a job process is told.

Each link watches the one above it, so killing any of them ends all below it:

    killed      what ends the job
    worker      init sees the pidfd of the worker, kills the tree, leaves; the zygote dies by PDEATHSIG
    zygote      nothing: init and job live on, the worker adopts init and starts another zygote
    init        the job dies by PDEATHSIG; the zygote (or the worker, if it has gone too) adopts and kills the rest
    job         init kills what it left behind, then reports `gone`
"""
