"""What judging needs: the journal, silences, received alerts, marks of collectors, and the past of an alert."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add them."""
    op.add_column("alerts", sa.Column("changes", sa.JSON))
    op.add_column("alerts", sa.Column("flapping_since", sa.BigInteger))
    _journal()
    op.create_table(
        "silences",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("matchers", sa.JSON, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("author", "comment")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    _received()
    op.create_table(
        "marks",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("target", "collector")),
        sa.Column("mark", sa.Text, nullable=False),
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("rule", "fingerprint", "target", "kind", "word", "reason", "before")
        ),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("key", "values")),
    )
    op.create_index("journal_by_rule", "journal", ["rule", "seq"])


def _received() -> None:
    op.create_table(
        "received",
        sa.Column("mark", sa.Text, primary_key=True),
        sa.Column("starts_at", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("source", "fingerprint")),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("labels", "annotations")),
        sa.Column("ends_at", sa.BigInteger),
        sa.Column("resolved", sa.Boolean, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
    )
    op.create_index("received_by_age", "received", ["resolved", "received_at"])
