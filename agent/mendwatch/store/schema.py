"""The tables, and what they forbid below all code.

That is: two open runs for one problem, two active runs on one target, and a change of the audit.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.schema import ExecutableDDLElement

from mendwatch.model.runs import ACTIVE, OPEN, RunState
from mendwatch.store.columns import AnyText, Moment

#: Every revision of the tables, oldest first: the steps in `store.migrations`. An older database is brought up to the last one
#: (`store.upgrade`), a newer one is refused.
REVISIONS = ("0001", "0002", "0003", "0004")
REVISION = REVISIONS[-1]
#: The same as a number, for programs from before there were revisions: they refuse a number that they do not know.
VERSION = int(REVISION)

metadata = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER
_JSON = JSON(none_as_null=True)
#: The same, for tables that register themselves.
JSON_TEXT = _JSON


def _among(states: frozenset[RunState]) -> str:
    """Give SQL that tells whether a row is in one of the states; the words are ours, so nothing needs quoting."""
    return "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(states)))


meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
#: Where alembic writes the revision down.
revisions = Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))

runs = Table(
    "runs",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),  # the order in which runs were opened
    Column("id", Text, nullable=False, unique=True),
    Column("dedup_key", AnyText, nullable=False),
    Column("rule", AnyText, nullable=False),
    Column("rule_digest", AnyText, nullable=False),
    Column("fingerprint", AnyText, nullable=False),
    Column("target", AnyText, nullable=False),
    Column("remediation", AnyText, nullable=False),
    Column("risk", AnyText, nullable=False),
    Column("mode", AnyText, nullable=False),
    Column("proposer", AnyText, nullable=False),
    Column("quorum", Integer, nullable=False),
    Column("not_proposer", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("subject", _JSON, nullable=False),
    Column("variables", _JSON, nullable=False),
    Column("plan", _JSON),
    Column("plan_hash", Text),
    Column("expires_at", Moment),
    Column("decisions", _JSON, nullable=False),
    Column("run_dir", AnyText),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("outcome", _JSON),
    Column("events_resolved", _JSON),
    Column("note", AnyText, nullable=False),
    CheckConstraint(_among(frozenset(RunState)), name="runs_state_is_known"),
    CheckConstraint("quorum >= 1", name="runs_quorum_is_a_number_of_people"),
)

Index(
    "runs_one_open_per_problem", runs.c.dedup_key, unique=True, sqlite_where=text(_among(OPEN)), postgresql_where=text(_among(OPEN))
)
Index(
    "runs_one_active_per_target",
    runs.c.target,
    unique=True,
    sqlite_where=text(_among(ACTIVE)),
    postgresql_where=text(_among(ACTIVE)),
)
Index("runs_by_state", runs.c.state, runs.c.expires_at)
Index("runs_by_creation", runs.c.created_at)
Index("runs_by_end", runs.c.ended_at)
Index("runs_by_rule", runs.c.rule, runs.c.target, runs.c.ended_at)

audit = Table(
    "audit",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("filed", Text, nullable=False, index=True),  # the record's subject, escaped, to find rows by; verified with it
    Column("record", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", AnyText, nullable=False),
    Column("role", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # of the whole secret; the secret itself is nowhere
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("person", AnyText),  # whose it is; of before version 3: whoever its name says
    Column("model", Boolean),  # whether a program decides what is asked with it
)

alerts = Table(
    "alerts",
    metadata,
    Column("fingerprint", AnyText, primary_key=True),
    Column("rule", AnyText, nullable=False),
    Column("target", AnyText, nullable=False),
    Column("key", _JSON, nullable=False),
    Column("labels", _JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("annotations", _JSON, nullable=False),
    Column("values", _JSON, nullable=False),
    Column("active_since", Moment),
    Column("fired_at", Moment),
    Column("cleared_since", Moment),
    Column("resolved_at", Moment),
    Column("changes", _JSON),  # in microseconds since 1970; of before version 2: none
    Column("flapping_since", Moment),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("rule", AnyText, nullable=False),
    Column("fingerprint", AnyText, nullable=False),
    Column("target", AnyText, nullable=False),
    Column("kind", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("reason", AnyText, nullable=False),
    Column("before", Text, nullable=False),
    Column("key", _JSON, nullable=False),
    Column("values", _JSON, nullable=False),
)
Index("journal_by_rule", journal.c.rule, journal.c.seq)

silences = Table(
    "silences",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("matchers", _JSON, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False, index=True),
    Column("author", AnyText, nullable=False),
    Column("comment", AnyText, nullable=False),
    Column("created_at", Moment, nullable=False),
)


def _on(dialect: str, words: str) -> ExecutableDDLElement:
    statement = DDL(words)  # type: ignore[no-untyped-call] # SQLAlchemy left it untyped
    return statement.execute_if(dialect=dialect)


def _refused(verb: str) -> ExecutableDDLElement:
    """Give the trigger that stops an accident; against intent there is the chain."""
    body = f"BEFORE {verb} ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
    return _on("sqlite", f"CREATE TRIGGER audit_no_{verb.lower()} {body}")


event.listen(audit, "after_create", _refused("UPDATE"))
event.listen(audit, "after_create", _refused("DELETE"))
event.listen(
    audit,
    "after_create",
    _on(
        "postgresql",
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    ),
)
event.listen(
    audit,
    "after_create",
    _on(
        "postgresql",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
    ),
)
