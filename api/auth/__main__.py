"""`python -m api.auth create-key --name ci --role operator --project default`: prints a new key, once."""

from __future__ import annotations

import argparse
import sys

from api.auth.issue import DEFAULT_PROJECT, ensure_project, issue_key
from api.auth.roles import Role
from db import keys
from db.engine import Database, DatabaseUnavailable, open_database
from db.settings import DatabaseSettings
from trainshed.specs.base import parse_duration


def main() -> int:
    """Return the exit code."""
    arguments = _parser().parse_args()
    database = open_database(DatabaseSettings().database_url.get_secret_value(), pool_size=1)
    try:
        return _create(database, arguments) if arguments.command == "create-key" else _revoke(database, arguments)
    except DatabaseUnavailable as error:
        return _fail(f"The database does not answer: {error}")
    finally:
        database.close()


def _create(database: Database, arguments: argparse.Namespace) -> int:
    with database.begin() as conn:
        project_id = ensure_project(conn, arguments.project)
        text = issue_key(conn, project_id, arguments.name, Role(arguments.role), expires_in_s=arguments.expires_in)
    sys.stdout.write(text + "\n")
    return 0


def _revoke(database: Database, arguments: argparse.Namespace) -> int:
    with database.begin() as conn:
        revoked = keys.revoke_key(conn, "key_" + arguments.key_id.removeprefix("key_"))
    return 0 if revoked else _fail(f"There is no key {arguments.key_id} to revoke.")


def _fail(what: str) -> int:
    sys.stderr.write(f"error: {what}\n")
    return 1


def _seconds(text: str) -> float:
    try:
        return float(parse_duration(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError("write for example 12h or 90d") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.auth", description="Make and revoke API keys.")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create-key", help="make a key and print it, once")
    create.add_argument("--name", required=True, help="what the key is for")
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    create.add_argument("--project", default=DEFAULT_PROJECT, help="made when there is none (default: %(default)s)")
    create.add_argument("--expires-in", type=_seconds, default=None, metavar="90d", help="default: never")
    revoke = commands.add_parser("revoke-key", help="end a key, within a second")
    revoke.add_argument("key_id", metavar="ID", help="what stands between the first two underscores of the key")
    return parser


if __name__ == "__main__":
    sys.exit(main())
