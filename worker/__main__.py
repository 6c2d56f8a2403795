"""`python -m worker --serves cpu --slots 2`: one worker, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import sys

_DESCRIPTION = "Run a Trainshed worker. Every option may also be set as TRAINSHED_..., for example TRAINSHED_SLOTS=2."


def main() -> None:
    """Turn the options into settings, then start Celery's worker in this process."""
    options = _parser().parse_args()
    given = {name: value for name, value in vars(options).items() if value is not None}
    os.environ.update({f"TRAINSHED_{name.upper()}": str(value) for name, value in given.items()})
    # Only now: the application reads its settings when it is imported, as Celery's own command line has it.
    from worker.app import app  # noqa: PLC0415

    worker = app.Worker(loglevel="INFO", quiet=True)
    worker.start()
    sys.exit(worker.exitcode)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=_DESCRIPTION)
    parser.add_argument("--serves", metavar="POOL", help="the pool whose jobs to run (default: cpu)")
    parser.add_argument("--slots", type=int, metavar="N", help="how many jobs at once (default: by cores and memory)")
    parser.add_argument("--worker-name", metavar="NAME", help="a name for people (default: the host's)")
    parser.add_argument("--no-warm", dest="warm", action="store_const", const="false", help="start each job cold")
    parser.add_argument(
        "--allow-unisolated",
        action="store_const",
        const="true",
        help="run users' programs even where this worker cannot hide its own files and secrets from them",
    )
    return parser


if __name__ == "__main__":
    main()
