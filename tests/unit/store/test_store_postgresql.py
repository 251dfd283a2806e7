"""Nothing the store says is SQLite's own: every table and every statement can also be said to PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import ClauseElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from mendwatch.model.runs import ACTIVE, OPEN
from mendwatch.store import queries, schema

STATEMENTS = {name: value for name, value in vars(queries).items() if name.isupper() and isinstance(value, ClauseElement)}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
@pytest.mark.parametrize("dialect", [postgresql.dialect(), sqlite.dialect()], ids=["postgresql", "sqlite"])
def test_every_statement_compiles(name: str, dialect: object) -> None:
    assert str(STATEMENTS[name].compile(dialect=dialect))  # type: ignore[arg-type]


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=str)
def test_every_table_compiles(table: object) -> None:
    assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[arg-type]


@pytest.mark.parametrize(("index", "states"), [("runs_one_open_per_problem", OPEN), ("runs_one_active_per_target", ACTIVE)])
@pytest.mark.parametrize("dialect", [postgresql.dialect(), sqlite.dialect()], ids=["postgresql", "sqlite"])
def test_the_indexes_that_forbid_are_unique_among_the_right_states(index: str, states: frozenset[str], dialect: object) -> None:
    (found,) = [one for one in schema.runs.indexes if one.name == index]

    words = str(CreateIndex(found).compile(dialect=dialect))  # type: ignore[arg-type]

    among = ", ".join(f"'{state}'" for state in sorted(states))
    assert words.startswith("CREATE UNIQUE INDEX")
    assert words.endswith(f"WHERE state IN ({among})")


def test_rows_to_be_changed_are_held_on_postgresql() -> None:
    for statement in (queries.RUN_HOLD, queries.RUN_OVERDUE):
        assert str(statement.compile(dialect=postgresql.dialect())).endswith("FOR UPDATE")
