"""Runs migrations on the database that TRAINSHED_DATABASE_URL names, or that the caller handed over.

A migration waits for locks only briefly (a long wait would queue every other statement behind it) and no statement runs
for ever. Both limits are raised by hand for the rare migration that needs it.
"""

import warnings

from alembic import context
from sqlalchemy import Connection

from db.engine import open_database
from db.models import Base
from db.settings import DatabaseSettings

# SQLite cannot tell what the expression in the claim's index is; on Postgres it is compared.
warnings.filterwarnings("ignore", message=".*expression-based index 'ix_job_claim'.*")

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "60s"


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        # Two migrations that start together take turns; the second one then finds nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_lock(hashtext('trainshed.migrations'))")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_offline() -> None:
    url = context.config.attributes.get("url") or DatabaseSettings().database_url.get_secret_value()
    context.configure(url=url, target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    url = context.config.attributes.get("url") or DatabaseSettings().database_url.get_secret_value()
    database = open_database(url, pool_size=1, patience_s=120)
    try:
        with database.writer.connect() as connection:
            run(connection)
            connection.commit()
    finally:
        database.close()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
