"""The table of what people set by hand, and its statements. It registers itself with the schema; it belongs to version 3."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, bindparam, delete, insert, select

from mendwatch.store.columns import AnyText, Moment
from mendwatch.store.schema import JSON_TEXT, metadata

controls = Table(
    "controls",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", AnyText, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", AnyText, nullable=False),
    Column("value", JSON_TEXT, nullable=False),
)

#: One control.
CONTROL_GET = select(controls).where(controls.c.kind == bindparam("of_kind"), controls.c.name == bindparam("of_name"))
#: All of a kind, by name.
CONTROL_LIST = select(controls).where(controls.c.kind == bindparam("of_kind")).order_by(controls.c.name)
#: Forget one.
CONTROL_DROP = delete(controls).where(controls.c.kind == bindparam("of_kind"), controls.c.name == bindparam("of_name"))
#: Keep one.
CONTROL_ADD = insert(controls)
