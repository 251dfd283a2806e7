"""Every statement the store says to its database, named, each with a line of prose."""

from __future__ import annotations

from sqlalchemy import (
    ColumnClause,
    Insert,
    Table,
    and_,
    bindparam,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    table,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType

from mendwatch.model.runs import ACTIVE, OPEN, SETTLED
from mendwatch.store.schema import alerts, audit, journal, meta, revisions, runs, silences, tokens

_ACTIVE = sorted(ACTIVE)
_OPEN = sorted(OPEN)
_SETTLED = sorted(SETTLED)

# --- meta -----------------------------------------------------------------------------------------------------------

#: What the database says about itself, by name.
META = select(meta.c.name, meta.c.value)
#: Write one such fact.
META_ADD = insert(meta)
#: Change one.
META_SET = update(meta).where(meta.c.name == bindparam("fact")).values(value=bindparam("new"))
#: Which revision the tables are of.
REVISION = select(revisions.c.version_num)
#: Write it down where it was not.
REVISION_ADD = insert(revisions)

# --- runs -----------------------------------------------------------------------------------------------------------

#: Open a run; refused by the table where its problem has an open one.
RUN_ADD = insert(runs)
#: The names that begin with what was typed; two are enough to know that it is ambiguous.
RUN_NAMES = select(runs.c.id).where(runs.c.id.startswith(bindparam("prefix"), autoescape=False)).order_by(runs.c.id).limit(2)
#: One run.
RUN_GET = select(runs).where(runs.c.id == bindparam("run_id"))
#: One run, which nobody else may change before this transaction ends.
RUN_HOLD = RUN_GET.with_for_update()
#: Move a run, if it still is what was decided on: this state, this version, this fence.
RUN_MOVE = update(runs).where(
    runs.c.id == bindparam("run_id"),
    runs.c.state.in_(bindparam("was_states", expanding=True)),
    runs.c.version == bindparam("was_version"),
    runs.c.fence == bindparam("was_fence"),
)
#: The open run for a problem.
RUN_OPEN_FOR = select(runs.c.id).where(runs.c.dedup_key == bindparam("problem"), runs.c.state.in_(_OPEN))
#: The run that may be changing a target now.
RUN_ACTIVE_ON = select(runs).where(runs.c.target == bindparam("on_target"), runs.c.state.in_(_ACTIVE))
#: Runs whose question or whose approval has run out, which nobody else may change before this transaction ends.
RUN_OVERDUE = (
    select(runs)
    .where(runs.c.state.in_(["approved", "pending"]), runs.c.expires_at <= bindparam("moment"))
    .order_by(runs.c.number)
    .with_for_update()
)
#: Runs, newest first.
RUN_LIST = select(runs).order_by(runs.c.number.desc()).limit(bindparam("most"))
#: Only those in some states.
RUN_LIST_IN = RUN_LIST.where(runs.c.state.in_(bindparam("states", expanding=True)))
#: Only those of a target.
RUN_LIST_ON = RUN_LIST.where(runs.c.target == bindparam("on_target"))
#: Only those in some states, of a target.
RUN_LIST_IN_ON = RUN_LIST_IN.where(runs.c.target == bindparam("on_target"))
#: Runs that began or ended since a moment, oldest first.
RUN_SINCE = (
    select(runs)
    .where(or_(runs.c.created_at >= bindparam("moment"), runs.c.ended_at >= bindparam("moment")))
    .order_by(runs.c.number)
)
#: The newest runs of a rule on a target that failed or were verified.
RUN_SETTLED = (
    select(runs)
    .where(runs.c.rule == bindparam("of_rule"), runs.c.target == bindparam("on_target"), runs.c.state.in_(_SETTLED))
    .order_by(runs.c.ended_at.desc(), runs.c.number.desc())
    .limit(bindparam("most"))
)

#: How many runs there are in each state.
RUN_COUNTS = select(runs.c.state, func.count().label("many")).group_by(runs.c.state)

# --- audit ----------------------------------------------------------------------------------------------------------

#: The end of the chain.
AUDIT_LAST = select(audit.c.seq, audit.c.mac).order_by(audit.c.seq.desc()).limit(1)
#: The newest row.
AUDIT_HEAD = select(audit).order_by(audit.c.seq.desc()).limit(1)
#: Add a row to the chain.
AUDIT_ADD = insert(audit)
#: Rows in order.
AUDIT_AFTER = select(audit).where(audit.c.seq > bindparam("after")).order_by(audit.c.seq).limit(bindparam("most"))
#: Rows about one thing, in order.
AUDIT_ABOUT = AUDIT_AFTER.where(audit.c.filed == bindparam("about"))
#: Rows in order as they lie there, whatever somebody made of them: only the verifier judges what they hold.
AUDIT_RAW = (
    select(
        *(
            type_coerce(column, NullType()).label(column.name)
            for column in (audit.c.seq, audit.c.filed, audit.c.record, audit.c.mac)
        )
    )
    .where(audit.c.seq > bindparam("after"))
    .order_by(audit.c.seq)
    .limit(bindparam("most"))
)

# --- tokens ---------------------------------------------------------------------------------------------------------

#: Keep a new token.
TOKEN_ADD = insert(tokens)
#: One token.
TOKEN_GET = select(tokens).where(tokens.c.id == bindparam("token_id"))
#: All tokens, newest first.
TOKEN_LIST = select(tokens).order_by(tokens.c.number.desc())
#: End a token, once.
TOKEN_REVOKE = (
    update(tokens)
    .where(and_(tokens.c.id == bindparam("token_id"), tokens.c.revoked_at.is_(None)))
    .values(revoked_at=bindparam("moment"))
)

# --- alerts ---------------------------------------------------------------------------------------------------------


def _bare(filled: Table) -> Insert:
    """Give an insertion whose values are written as they are given: thousands of rows come ready (`store.judged`)."""
    columns: list[ColumnClause[object]] = [
        column(one.name) for one in filled.columns if not one.autoincrement or one.autoincrement == "auto"
    ]
    return insert(table(filled.name, *columns)).values({one.name: bindparam(one.name) for one in columns})


#: Every alert that is kept.
ALERT_LIST = select(alerts).order_by(alerts.c.fingerprint)
#: Forget alerts, by fingerprint (written as it lies there).
ALERT_DROP = delete(alerts).where(type_coerce(alerts.c.fingerprint, NullType()) == bindparam("print", type_=NullType()))
#: Keep alerts.
ALERT_ADD = _bare(alerts)

# --- journal --------------------------------------------------------------------------------------------------------

#: Keep decisions.
JOURNAL_ADD = _bare(journal)
#: The newest decisions, newest first.
JOURNAL_NEWEST = select(journal).order_by(journal.c.seq.desc()).limit(bindparam("most"))
#: Those about one rule.
JOURNAL_OF_RULE = JOURNAL_NEWEST.where(journal.c.rule == bindparam("of_rule"))
#: Those about one subject of a rule.
JOURNAL_OF_SUBJECT = JOURNAL_OF_RULE.where(journal.c.fingerprint == bindparam("print"))
#: The newest word on what is asked for about each alert that is kept.
JOURNAL_WORDS = select(journal).where(
    journal.c.seq.in_(
        select(func.max(journal.c.seq))
        .where(journal.c.kind.in_(["proposed", "withheld", "told"]), journal.c.fingerprint.in_(select(alerts.c.fingerprint)))
        .group_by(journal.c.fingerprint)
    )
)
#: The rules that decisions are about.
JOURNAL_RULES = select(journal.c.rule).distinct()
#: The place of a rule's newest decision but so many.
JOURNAL_PLACE = (
    select(journal.c.seq)
    .where(journal.c.rule == bindparam("of_rule"))
    .order_by(journal.c.seq.desc())
    .offset(bindparam("but"))
    .limit(1)
)
_PASSED = (
    select(journal.c.seq)
    .where(journal.c.rule == bindparam("of_rule"), journal.c.seq < bindparam("place"))
    .order_by(journal.c.seq)
    .limit(bindparam("most"))
)
#: Forget some of a rule's decisions that are older than a place.
JOURNAL_DROP = delete(journal).where(journal.c.seq.in_(_PASSED))
#: Forget some that are older than a place and than a moment.
JOURNAL_DROP_BEFORE = delete(journal).where(journal.c.seq.in_(_PASSED.where(journal.c.at < bindparam("moment"))))

# --- silences -------------------------------------------------------------------------------------------------------

#: Keep a new silence.
SILENCE_ADD = insert(silences)
#: One silence.
SILENCE_GET = select(silences).where(silences.c.id == bindparam("silence_id"))
#: Silences, newest first.
SILENCE_LIST = select(silences).order_by(silences.c.number.desc())
#: Those that are not over at a moment.
SILENCE_LIST_AT = SILENCE_LIST.where(silences.c.ends_at > bindparam("moment"))
#: End a silence that is not over.
SILENCE_EXPIRE = (
    update(silences)
    .where(silences.c.id == bindparam("silence_id"), silences.c.ends_at > bindparam("moment"))
    .values(ends_at=bindparam("moment"))
)
