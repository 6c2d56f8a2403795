"""prepared versions: which job made a version of a dataset, of what, and by which steps

Revision: 0008, after 0007.
Expand first, contract in a later release: the running code must work before and after this migration.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("dataset_version", sa.Column("made_by", sa.String(), nullable=True))
    op.add_column("dataset_version", sa.Column("prepared_key", sa.String(), nullable=True))
    op.add_column("dataset_version", sa.Column("lineage", JSON, nullable=True))
    op.create_index("ix_dataset_version_prepared_key", "dataset_version", ["prepared_key"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_dataset_version_prepared_key", table_name="dataset_version")
    for name in ("lineage", "prepared_key", "made_by"):
        op.drop_column("dataset_version", name)
