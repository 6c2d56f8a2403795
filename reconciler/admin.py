"""`python -m reconciler.admin check|gc|retention`: looks after an installation from the outside.

Exit codes: 0, nothing was found; 1, something was; 3, it could not be looked for. Data go to stdout, the rest to
stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url

from db.engine import Database, DatabaseUnavailable, open_database
from db.migrate import is_current
from db.queries import retention as queries
from db.queries.retention import Cut
from db.retention import list_policies, policy_of
from reconciler.all_garbage import collect_all, list_all
from reconciler.check import Finding, Pace, check_database, check_digests, check_store
from reconciler.settings import ReconcilerSettings
from storage import Store, StoreError, open_store

_PATIENCE_S: Final = 120.0
"""These questions go over whole tables."""
_TELL_EVERY_S: Final = 2.0


class Code(IntEnum):
    """Exit codes."""

    CLEAN = 0
    FOUND = 1
    FAILED = 3


class NotPossible(Exception):
    """It cannot be done here; why, and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        with _database() as database:
            code: Code = options.run(database, options)
    except (NotPossible, DatabaseUnavailable, StoreError) as error:
        _say(f"error: {error}")
        return Code.FAILED
    return code


def _check(database: Database, options: argparse.Namespace) -> Code:
    findings = list(check_database(database))
    store = _store()
    if store is None:
        _say("The store is not checked: TRAINSHED_STORE_URL is not set.")
    elif not any(finding.code == "schema" for finding in findings):
        findings += check_store(database, store, now=time.time())
        if options.digests:
            findings += check_digests(database, store, limit=options.limit, tell=_teller(quiet=options.quiet))
    _print(options, {"findings": [asdict(finding) for finding in findings]}, lambda: _findings(findings))
    return Code.FOUND if findings else Code.CLEAN


def _gc(database: Database, options: argparse.Namespace) -> Code:
    _must_be_current(database)
    store = _store()
    if store is None:
        raise NotPossible("TRAINSHED_STORE_URL is not set.\n→ Set it as the API and the workers have it.")
    counts = (list_all if options.dry_run else collect_all)(database, store)
    doing = "would be removed" if options.dry_run else "were removed"
    words = f"{counts.blobs} blobs ({counts.bytes} bytes) {doing}; {counts.orphans} of them had no row."
    _print(options, {**asdict(counts), "dry_run": options.dry_run}, lambda: [words])
    return Code.CLEAN


def _retention(database: Database, options: argparse.Namespace) -> Code:
    _must_be_current(database)
    with database.read() as conn:
        policies = list_policies(conn)
        reports = [(row.name, queries.report(conn, row.project_id, policy_of(row))) for row in policies]
    document = {"items": [{"project": name, **asdict(report)} for name, report in reports]}
    _print(options, document, lambda: [_cuts(name, report) for name, report in reports] or ["No project has a policy."])
    return Code.CLEAN


# --- what is printed ---


def _print(options: argparse.Namespace, document: dict[str, Any], lines: Callable[[], list[str]]) -> None:
    text = json.dumps(document, indent=2) if options.output == "json" else "\n".join(lines())
    sys.stdout.write(text + "\n")


def _findings(findings: list[Finding]) -> list[str]:
    if not findings:
        return ["Nothing was found."]
    lines = [f"{finding.code}: {finding.subject}: {finding.message}\n→ {finding.remedy}" for finding in findings]
    return [*lines, f"{len(findings)} findings."]


def _cuts(project: str, report: queries.Report) -> str:
    cuts = {"jobs": report.jobs, "logs of": report.logs, "artifacts of": report.artifacts}
    return f"{project}: would remove {', '.join(_words(kind, cut) for kind, cut in cuts.items())}"


def _words(kind: str, cut: Cut) -> str:
    of = "" if kind == "jobs" else f"{kind} "
    return f"{of}{cut.jobs}{' or more' if cut.more else ''} jobs ({cut.bytes} bytes)"


def _teller(*, quiet: bool) -> Callable[[Pace], None]:
    told_at = time.monotonic()

    def tell(pace: Pace) -> None:
        nonlocal told_at
        if not quiet and (pace.blobs == pace.of or time.monotonic() - told_at > _TELL_EVERY_S):
            told_at = time.monotonic()
            _say(f"read {pace.blobs} of {pace.of} blobs, {pace.bytes >> 20} MiB")

    return tell


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


# --- what it works on ---


@contextmanager
def _database() -> Iterator[Database]:
    url = ReconcilerSettings().database_url.get_secret_value()
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise NotPossible(
            f"There is no database at {parsed.database}.\n→ Correct TRAINSHED_DATABASE_URL or --data-dir."
        )
    database = open_database(url, pool_size=2, patience_s=_PATIENCE_S)
    try:
        yield database
    finally:
        database.close()


def _store() -> Store | None:
    url = ReconcilerSettings().store_url
    return None if url is None else open_store(url)


def _must_be_current(database: Database) -> None:
    if not is_current(database):
        raise NotPossible("The schema is not the one of this version.\n→ Run the migrations: alembic upgrade head.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trainshed admin", description="Look after an installation.")
    commands = parser.add_subparsers(required=True)
    check = _command(commands, "check", _check, "look whether database and store are as they must be")
    check.add_argument("--digests", action="store_true", help="read blobs and compare their SHA-256")
    check.add_argument("--limit", type=int, metavar="N", help="read at most so many blobs, other ones each time")
    collect = _command(commands, "gc", _gc, "remove all blobs that nothing names, now")
    collect.add_argument("--dry-run", action="store_true", help="only say how many")
    retention = _command(commands, "retention", _retention, "say what the policies of all projects would remove now")
    retention.add_argument("--dry-run", action="store_true", required=True, help="the reconciler carries them out")
    return parser


def _command(commands: Any, name: str, run: Callable[..., Code], words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words)
    parser.set_defaults(run=run)
    parser.add_argument("--output", "-o", choices=["text", "json"], default="text")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main())
