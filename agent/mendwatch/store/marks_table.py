"""The table of marks, and its statements. It registers itself with the schema; it belongs to version 2."""

from __future__ import annotations

from sqlalchemy import Column, Table, bindparam, delete, insert, select

from mendwatch.store.columns import AnyText
from mendwatch.store.schema import metadata

marks = Table(
    "marks",
    metadata,
    Column("target", AnyText, primary_key=True),
    Column("collector", AnyText, primary_key=True),
    Column("mark", AnyText, nullable=False),
)

#: The mark of one collector on one target.
MARK_OF = select(marks.c.mark).where(marks.c.target == bindparam("on"), marks.c.collector == bindparam("by"))
#: Forget it.
MARK_DROP = delete(marks).where(marks.c.target == bindparam("on"), marks.c.collector == bindparam("by"))
#: Keep one.
MARK_ADD = insert(marks)
