"""The results of gradient checks; views of layer statistics and of more fields of the spec."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "gradchecks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False, index=True),
        sa.Column("run_id", sa.Integer, index=True),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("max_relative_error", sa.Double),
        sa.Column("flags", sa.BigInteger, nullable=False),
        sa.Column("worst", sa.Text),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("nncli_version", sa.Text),
        sa.Column("spec", sa.Text),
        sa.Column("versions", sa.Text, nullable=False),
        sa.Column("results", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
