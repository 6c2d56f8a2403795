"""checkpoints: states of training from which a later attempt goes on

Revision: 0003, after 0002.
Expand first, contract in a later release: the running code must work before and after this migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_checkpoint_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_checkpoint_sha256")),
        sa.PrimaryKeyConstraint("job_id", "attempt", "step", name=op.f("pk_checkpoint")),
    )
    op.create_index("ix_checkpoint_sha256", "checkpoint", ["sha256"], unique=False)


def downgrade() -> None:
    op.drop_table("checkpoint")
