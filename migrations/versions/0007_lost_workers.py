"""lost workers: tells those that fell silent from those that left in order

Revision: 0007, after 0006.
Expand first, contract in a later release: the running code must work before and after this migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("worker", sa.Column("lost", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("worker", "lost")
