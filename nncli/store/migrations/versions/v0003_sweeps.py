"""Sweeps, the processes that work on them, and their trials."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, index=True),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("definition_hash", sa.Text, nullable=False, index=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("nncli_version", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sweep_processes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "sweep_id",
            sa.Integer,
            sa.ForeignKey("sweeps.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("pid_started", sa.Text),
        sa.Column("pid_space", sa.Text, nullable=False),
        sa.Column("started", sa.Text, nullable=False),
        sa.Column("heartbeat", sa.Text, nullable=False),
        sa.Column("ended", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "trials",
        sa.Column(
            "sweep_id",
            sa.Integer,
            sa.ForeignKey("sweeps.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seed", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("spec_hash", sa.Text, nullable=False),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("process_id", sa.Integer),
        sa.Column("run_id", sa.Integer),
        sqlite_with_rowid=False,
    )
