"""control plane: holds, scopes, drains, datasets and uploads, compacted logs, retention

Revision: 0002, after 0001.
Expand first, contract in a later release: the running code must work before and after this migration.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

# One text for both databases: with its constraint in the column, SQLite needs no copy of the table.
NEW_COLUMNS = (
    """ALTER TABLE job ADD COLUMN held BOOLEAN DEFAULT false NOT NULL
       CONSTRAINT ck_job_held CHECK (state = 'blocked' OR NOT held)""",
    "ALTER TABLE attempt ADD COLUMN log_sha256 VARCHAR CONSTRAINT fk_attempt_log_sha256 REFERENCES blob (sha256)",
)


def upgrade() -> None:
    op.add_column("blob", sa.Column("touched_at", sa.Double(), server_default="0", nullable=False))
    op.add_column("blob", sa.Column("deleting", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_blob_deleting",
        "blob",
        ["sha256"],
        unique=False,
        postgresql_where=sa.text("deleting"),
        sqlite_where=sa.text("deleting"),
    )
    op.add_column("worker", sa.Column("drain", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("api_key", sa.Column("scopes", JSON, nullable=True))
    for statement in NEW_COLUMNS:
        op.execute(statement)
    if op.get_bind().dialect.name == "sqlite":
        # Now that jobs can be deleted, the numbers of their events must not be used again: who follows the events of a
        # project goes on behind the last number he has seen. A table keeps its new definition in a downgrade.
        with op.batch_alter_table("event", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
    op.create_index("ix_attempt_log_sha256", "attempt", ["log_sha256"], unique=False)
    op.create_index(
        "ix_job_project_id_finished_at_id",
        "job",
        ["project_id", "finished_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
        sqlite_where=sa.text("finished_at IS NOT NULL"),
    )

    op.create_table(
        "dataset",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_dataset_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
    )
    op.create_index("uq_dataset_project_id_name", "dataset", ["project_id", "name"], unique=True)
    op.create_table(
        "dataset_version",
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("profile_job_id", sa.String(), nullable=True),
        sa.Column("profile", JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_dataset_version_dataset_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_dataset_version_sha256")),
        sa.PrimaryKeyConstraint("dataset_id", "version", name=op.f("pk_dataset_version")),
    )
    op.create_index("ix_dataset_version_sha256", "dataset_version", ["sha256"], unique=False)
    op.create_table(
        "dataset_use",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id", "version"],
            ["dataset_version.dataset_id", "dataset_version.version"],
            name=op.f("fk_dataset_use_dataset_id_version"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_dataset_use_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "dataset_id", "version", name=op.f("pk_dataset_use")),
    )
    op.create_index("ix_dataset_use_dataset_id_version", "dataset_use", ["dataset_id", "version"], unique=False)

    op.create_table(
        "upload",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("part_size", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("touched_at", sa.Double(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_upload_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_project_id", "upload", ["project_id"], unique=False)
    op.create_index("ix_upload_touched_at", "upload", ["touched_at"], unique=False)
    op.create_table(
        "upload_part",
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_upload_part_sha256")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_upload_part_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_upload_part")),
    )
    op.create_index("ix_upload_part_sha256", "upload_part", ["sha256"], unique=False)

    op.create_table(
        "retention_policy",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("jobs_age_s", sa.Double(), nullable=True),
        sa.Column("jobs_count", sa.Integer(), nullable=True),
        sa.Column("logs_age_s", sa.Double(), nullable=True),
        sa.Column("logs_count", sa.Integer(), nullable=True),
        sa.Column("artifacts_age_s", sa.Double(), nullable=True),
        sa.Column("artifacts_count", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.CheckConstraint("jobs_count IS NULL OR jobs_count >= 0", name=op.f("ck_retention_policy_jobs_count")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_retention_policy_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_retention_policy")),
    )


def downgrade() -> None:
    for table in ("retention_policy", "upload_part", "upload", "dataset_use", "dataset_version", "dataset"):
        op.drop_table(table)
    op.drop_index("ix_job_project_id_finished_at_id", "job")
    op.drop_index("ix_attempt_log_sha256", "attempt")
    op.execute("ALTER TABLE attempt DROP COLUMN log_sha256")
    op.execute("ALTER TABLE job DROP COLUMN held")
    op.drop_column("api_key", "scopes")
    op.drop_column("worker", "drain")
    op.drop_index("ix_blob_deleting", "blob")
    op.drop_column("blob", "deleting")
    op.drop_column("blob", "touched_at")
