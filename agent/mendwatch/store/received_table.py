"""The table of received alerts, and every statement about it. It registers itself with the schema; it belongs to version 2."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Table, Text, bindparam, delete, func, insert, select

from mendwatch.store.columns import AnyText, Moment
from mendwatch.store.schema import metadata

received = Table(
    "received",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("starts_at", Moment, primary_key=True),
    Column("source", Text, nullable=False),
    Column("fingerprint", AnyText, nullable=False),
    Column("labels", JSON(none_as_null=True), nullable=False),
    Column("annotations", JSON(none_as_null=True), nullable=False),
    Column("ends_at", Moment),
    Column("resolved", Boolean, nullable=False),
    Column("received_at", Moment, nullable=False),
)
Index("received_by_age", received.c.resolved, received.c.received_at)

_OF = received.c.mark.in_(bindparam("marks", expanding=True))

#: What is known of some alerts, oldest beginning first.
RECEIVED_OF = select(received).where(_OF).order_by(received.c.mark, received.c.starts_at)
#: Forget what is known of some alerts.
RECEIVED_DROP = delete(received).where(_OF)
#: Keep words.
RECEIVED_ADD = insert(received)
#: The names of the next alerts, in their order.
RECEIVED_MARKS = (
    select(received.c.mark)
    .distinct()
    .where(received.c.mark > bindparam("after"))
    .order_by(received.c.mark)
    .limit(bindparam("most"))
)
#: How many rows are resolved, and how many are not.
RECEIVED_COUNTS = select(received.c.resolved, func.count().label("many")).group_by(received.c.resolved)
#: Forget what was resolved before a moment.
RECEIVED_DROP_RESOLVED = delete(received).where(received.c.resolved, received.c.received_at < bindparam("moment"))
#: Forget what nobody has spoken of since a moment.
RECEIVED_DROP_SILENT = delete(received).where(received.c.received_at < bindparam("moment"))
#: When the newest resolved row came that is beyond so many.
RECEIVED_BEYOND = (
    select(received.c.received_at)
    .where(received.c.resolved)
    .order_by(received.c.received_at.desc())
    .offset(bindparam("but"))
    .limit(1)
)
#: Forget what was resolved up to a moment.
RECEIVED_DROP_BEYOND = delete(received).where(received.c.resolved, received.c.received_at <= bindparam("moment"))
