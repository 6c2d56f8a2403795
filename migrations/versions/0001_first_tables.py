"""first tables

Revision: 0001, the first one.
Expand first, contract in a later release: the running code must work before and after this migration.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# A terminal state is final: the database itself refuses to leave it.
TERMINAL_GUARD = {
    "postgresql": (
        """CREATE FUNCTION job_terminal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN
             IF OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state IS DISTINCT FROM OLD.state THEN
               RAISE EXCEPTION 'a terminal state is final' USING ERRCODE = '23514';
             END IF;
             RETURN NEW;
           END $$""",
        """CREATE TRIGGER job_terminal BEFORE UPDATE OF state ON job
           FOR EACH ROW EXECUTE FUNCTION job_terminal_guard()""",
    ),
    "sqlite": (
        """CREATE TRIGGER job_terminal BEFORE UPDATE OF state ON job
           WHEN OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state <> OLD.state
           BEGIN SELECT RAISE(ABORT, 'a terminal state is final'); END""",
    ),
}
DROP_TERMINAL_GUARD = {
    "postgresql": ("DROP TRIGGER job_terminal ON job", "DROP FUNCTION job_terminal_guard()"),
    "sqlite": ("DROP TRIGGER job_terminal",),
}


def upgrade() -> None:
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("name", name=op.f("uq_project_name")),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("busy", sa.Integer(), nullable=False),
        sa.Column("cpus", sa.Double(), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("sandbox", sa.String(), nullable=False),
        sa.Column("runs_commands", sa.Boolean(), nullable=False),
        sa.Column("versions", JSON, nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("last_seen_at", sa.Double(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'draining', 'gone')", name=op.f("ck_worker_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_index("ix_worker_pool", "worker", ["pool"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("secret_sha256", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("last_used_at", sa.Double(), nullable=True),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name=op.f("ck_api_key_role")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_api_key_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index("ix_api_key_project_id", "api_key", ["project_id"], unique=False)

    op.create_table(
        "idempotency_key",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_sha256", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_idempotency_key_project_id")),
        sa.PrimaryKeyConstraint("project_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"], unique=False)

    op.create_table(
        "job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("labels", JSON, nullable=False),
        sa.Column("spec", JSON, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("cpus", sa.Double(), nullable=True),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("queued_at", sa.Double(), nullable=True),
        sa.Column("queue_timeout_s", sa.Double(), nullable=True),
        sa.Column("hinted_at", sa.Double(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.Double(), nullable=True),
        sa.Column("hb", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.String(), nullable=True),
        sa.Column("progress", JSON, nullable=True),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("retry_of", sa.String(), nullable=True),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.CheckConstraint("(state = 'running') = (lease_expires_at IS NOT NULL)", name=op.f("ck_job_lease")),
        sa.CheckConstraint("(state = 'running') = (owner IS NOT NULL)", name=op.f("ck_job_owner")),
        sa.CheckConstraint(
            "(state IN ('cancelled', 'failed', 'succeeded')) = (finished_at IS NOT NULL)", name=op.f("ck_job_finished")
        ),
        sa.CheckConstraint("request IS NULL OR request IN ('cancel', 'pause', 'preempt')", name=op.f("ck_job_request")),
        sa.CheckConstraint(
            "state IN ('blocked', 'cancelled', 'failed', 'paused', 'queued', 'running', 'succeeded')",
            name=op.f("ck_job_state"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_job_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "ix_job_blocked",
        "job",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'blocked'"),
        sqlite_where=sa.text("state = 'blocked'"),
    )
    op.create_index("ix_job_project_id_id", "job", ["project_id", "id"], unique=False)
    op.create_index("ix_job_project_id_name_id", "job", ["project_id", "name", "id"], unique=False)
    op.create_index("ix_job_project_id_state_id", "job", ["project_id", "state", "id"], unique=False)
    op.create_index(
        "ix_job_running",
        "job",
        ["owner", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
        sqlite_where=sa.text("state = 'running'"),
    )

    op.create_table(
        "artifact",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_artifact_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_artifact_sha256")),
        sa.PrimaryKeyConstraint("job_id", "path", name=op.f("pk_artifact")),
    )
    op.create_index("ix_artifact_sha256", "artifact", ["sha256"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.String(), nullable=False),
        sa.Column("worker_name", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("charged", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("signal", sa.Integer(), nullable=True),
        sa.Column("cpu_s", sa.Double(), nullable=True),
        sa.Column("max_memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("log_bytes", sa.BigInteger(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.CheckConstraint("(outcome = 'running') = (ended_at IS NULL)", name=op.f("ck_attempt_ended")),
        sa.CheckConstraint(
            "outcome IN ('cancelled', 'crashed', 'diverged', 'invalid_data', 'out_of_memory', 'paused', 'preempted', 'running', 'setup_failed', 'stalled', 'storage_failed', 'succeeded', 'timed_out', 'user_error', 'worker_lost')",
            name=op.f("ck_attempt_outcome"),
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_attempt_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_attempt")),
    )
    op.create_table(
        "dependency",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("needs_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_dependency_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["needs_id"], ["job.id"], name=op.f("fk_dependency_needs_id")),
        sa.PrimaryKeyConstraint("job_id", "needs_id", name=op.f("pk_dependency")),
    )
    op.create_index("ix_dependency_needs_id", "dependency", ["needs_id"], unique=False)

    op.create_table(
        "event",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("txid", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_event_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_txid_id", "event", ["txid", "id"], unique=False)
    op.create_index("uq_event_job_id_seq", "event", ["job_id", "seq"], unique=True)

    op.create_table(
        "metric_series",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("last_value", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_metric_series_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_series")),
    )
    op.create_index("uq_metric_series_job_id_name", "metric_series", ["job_id", "name"], unique=True)

    op.create_table(
        "log_chunk",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "attempt"],
            ["attempt.job_id", "attempt.number"],
            name=op.f("fk_log_chunk_job_id_attempt"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "attempt", "start", name=op.f("pk_log_chunk")),
    )
    op.create_table(
        "metric_point",
        sa.Column("series_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["metric_series.id"], name=op.f("fk_metric_point_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "step", name=op.f("pk_metric_point")),
    )
    op.create_index(
        "ix_job_claim",
        "job",
        ["pool", sa.text("priority DESC"), "not_before", "id"],
        postgresql_where=sa.text("state = 'queued'"),
        sqlite_where=sa.text("state = 'queued'"),
    )
    for trigger in TERMINAL_GUARD[op.get_bind().dialect.name]:
        op.execute(trigger)


def downgrade() -> None:
    for trigger in DROP_TERMINAL_GUARD[op.get_bind().dialect.name]:
        op.execute(trigger)
    op.drop_table("metric_point")
    op.drop_table("log_chunk")
    op.drop_table("metric_series")
    op.drop_table("event")
    op.drop_table("dependency")
    op.drop_table("attempt")
    op.drop_table("artifact")
    op.drop_table("job")
    op.drop_table("idempotency_key")
    op.drop_table("api_key")
    op.drop_table("worker")
    op.drop_table("project")
    op.drop_table("blob")
