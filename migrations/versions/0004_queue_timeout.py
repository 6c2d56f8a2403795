"""queue timeout: finds the queued jobs whose time in the queue is over without a look at all that wait

Revision: 0004, after 0003.
Expand first, contract in a later release: the running code must work before and after this migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIMED = "state = 'queued' AND queue_timeout_s IS NOT NULL"


def upgrade() -> None:
    op.create_index(
        "ix_job_queue_timeout",
        "job",
        [sa.text("(queued_at + queue_timeout_s)")],
        postgresql_where=sa.text(TIMED),
        sqlite_where=sa.text(TIMED),
    )


def downgrade() -> None:
    op.drop_index("ix_job_queue_timeout", "job")
