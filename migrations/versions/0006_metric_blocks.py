"""metric blocks: what a chart needs of each run of points

Revision: 0006, after 0005.
Expand first, contract in a later release: the running code must work before and after this migration. Series that are
there already have no blocks, and their charts are read from their points as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOTHING_SEALED = str(-(2**63))


def upgrade() -> None:
    op.add_column(
        "metric_series", sa.Column("sealed_step", sa.BigInteger(), server_default=NOTHING_SEALED, nullable=False)
    )
    op.add_column("metric_series", sa.Column("fresh", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "metric_block",
        sa.Column("series_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("last_step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_step", sa.BigInteger(), nullable=False),
        sa.Column("least_step", sa.BigInteger(), nullable=False),
        sa.Column("least", sa.Double(), nullable=False),
        sa.Column("greatest_step", sa.BigInteger(), nullable=False),
        sa.Column("greatest", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["metric_series.id"], name=op.f("fk_metric_block_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "last_step", name=op.f("pk_metric_block")),
    )


def downgrade() -> None:
    op.drop_table("metric_block")
    op.drop_column("metric_series", "fresh")
    op.drop_column("metric_series", "sealed_step")
