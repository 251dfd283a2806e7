"""The tables of the first release: runs, audit, tokens, alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_STATES = (
    "'applying', 'approved', 'cancelled', 'denied', 'expired', 'failed', 'interrupted', 'pending', 'planning', 'refused', "
    "'rollback_failed', 'rolled_back', 'rolling_back', 'superseded', 'verified', 'verifying'"
)
_OPEN = sa.text("state IN ('applying', 'approved', 'interrupted', 'pending', 'planning', 'rolling_back', 'verifying')")
_ACTIVE = sa.text("state IN ('applying', 'interrupted', 'rolling_back', 'verifying')")


def upgrade() -> None:
    """Make the tables."""
    op.create_table("meta", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    _runs()
    op.create_table(
        "audit",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("filed", sa.Text, nullable=False, index=True),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
    )
    _append_only()
    op.create_table(
        "tokens",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "role", "sha256")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in ("expires_at", "revoked_at")),
    )
    op.create_table(
        "alerts",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("rule", "target")),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("key", "labels")),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("annotations", "values")),
        *(sa.Column(name, sa.BigInteger) for name in ("active_since", "fired_at", "cleared_since", "resolved_at")),
    )


def _runs() -> None:
    texts = ("dedup_key", "rule", "rule_digest", "fingerprint", "target", "remediation", "risk", "mode", "proposer")
    op.create_table(
        "runs",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("quorum", sa.Integer, nullable=False),
        sa.Column("not_proposer", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("version", "fence")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_at", "updated_at")),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("subject", "variables")),
        sa.Column("plan", sa.JSON),
        sa.Column("plan_hash", sa.Text),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("decisions", sa.JSON, nullable=False),
        sa.Column("run_dir", sa.Text),
        *(sa.Column(name, sa.BigInteger) for name in ("started_at", "ended_at")),
        *(sa.Column(name, sa.JSON) for name in ("outcome", "events_resolved")),
        sa.Column("note", sa.Text, nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name="runs_state_is_known"),
        sa.CheckConstraint("quorum >= 1", name="runs_quorum_is_a_number_of_people"),
    )
    for name, column, where in (
        ("runs_one_open_per_problem", "dedup_key", _OPEN),
        ("runs_one_active_per_target", "target", _ACTIVE),
    ):
        op.create_index(name, "runs", [column], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index("runs_by_state", "runs", ["state", "expires_at"])
    op.create_index("runs_by_creation", "runs", ["created_at"])
    op.create_index("runs_by_end", "runs", ["ended_at"])


def _append_only() -> None:
    """Let the database refuse accidents; against intent there is the chain."""
    if op.get_context().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            body = f"BEFORE {verb} ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            op.execute(f"CREATE TRIGGER audit_no_{verb.lower()} {body}")
        return
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )
