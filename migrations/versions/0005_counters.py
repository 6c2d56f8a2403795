"""counters: what workers count, and the totals of their pools

Revision: 0005, after 0004.
Expand first, contract in a later release: the running code must work before and after this migration.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.add_column("worker", sa.Column("counts", JSON, server_default="{}", nullable=False))
    op.create_table(
        "pool_counter",
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "name", name=op.f("pk_pool_counter")),
    )


def downgrade() -> None:
    op.drop_table("pool_counter")
    op.drop_column("worker", "counts")
