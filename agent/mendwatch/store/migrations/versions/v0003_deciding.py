"""What deciding needs: what people set by hand, whose a token is, and the last runs of a rule on a target."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "controls",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("kind", "name")),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
    )
    op.add_column("tokens", sa.Column("person", sa.Text))
    op.add_column("tokens", sa.Column("model", sa.Boolean))
    op.create_index("runs_by_rule", "runs", ["rule", "target", "ended_at"])
