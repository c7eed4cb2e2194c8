"""The view ``runs_flat`` shows how the biases begin."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Change no table: the views are made anew after every migration."""
