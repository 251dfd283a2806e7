"""Brings a state database of an older version up to date while it is opened: new tables and nullable columns only."""

from __future__ import annotations

from sqlalchemy import Connection, Table, inspect
from sqlalchemy.schema import CreateColumn

from mendwatch.store import schema

#: Versions that what is new can simply be added to.
FROM = frozenset({"1"})


def upgrade(connection: Connection) -> None:
    """Add the tables and the columns that are not there yet. Doing it again changes nothing."""
    before = set(inspect(connection).get_table_names())
    schema.metadata.create_all(connection)
    for table in schema.metadata.sorted_tables:
        if table.name in before:
            _add_columns(connection, table)


def _add_columns(connection: Connection, table: Table) -> None:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            words = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {words}")
