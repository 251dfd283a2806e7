"""The steps from the first tables to those of today give what a new database has, on each kind of database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from behind import behind
from sqlalchemy import Connection, inspect, text

from mendwatch.errors import StoreError
from mendwatch.store import schema, sql, upgrade
from mendwatch.store.database import Database, connect
from mendwatch.store.lanes import Lane
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.testing.clock import FakeClock

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

KEY = bytes(range(32))


def shape(connection: Connection) -> dict[str, object]:
    """Give all that a database says about its tables."""
    found = inspect(connection)
    return {
        name: (
            [(one["name"], str(one["type"]), one["nullable"], str(one["default"])) for one in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            sorted(str(one["column_names"]) for one in found.get_unique_constraints(name)),
            sorted(map(_index, found.get_indexes(name))),
            sorted(str(one["name"]) for one in found.get_check_constraints(name)),
        )
        for name in found.get_table_names()
    }


def _index(index: Mapping[str, Any]) -> str:
    where = {name: str(value) for name, value in (index.get("dialect_options") or {}).items()}
    return str((index["name"], index["column_names"], index["unique"], where))


def triggers(connection: Connection) -> list[tuple[object, ...]]:
    words = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
        "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname",
    }
    return [tuple(row) for row in connection.execute(text(words[connection.dialect.name]))]


async def emptied(store: SqlStore) -> Database:
    """Give the store's database without any table."""
    if store._database.dialect.name == "postgresql":
        await behind(store, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    else:
        await store._database.write(lambda connection: connection.run_sync(schema.metadata.drop_all))
    return store._database


async def test_the_steps_from_nothing_make_the_tables_of_a_new_database(both: SqlStore) -> None:
    new = await both._database.read(lambda connection: connection.run_sync(lambda sync: (shape(sync), triggers(sync))))
    database = await emptied(both)
    await database.write(lambda connection: connection.run_sync(upgrade.upgrade), Lane.TABLES)

    grown = await database.read(lambda connection: connection.run_sync(lambda sync: (shape(sync), triggers(sync))))
    assert grown == new


async def test_the_last_step_is_the_one_that_the_program_wants(both: SqlStore) -> None:
    steps = await both._database.read(lambda connection: connection.run_sync(lambda sync: upgrade.steps(sync, schema.REVISIONS[0])))

    assert [step[:4] for step in steps] == list(schema.REVISIONS[1:])


@pytest.fixture
async def old(both: SqlStore) -> SqlStore:
    """A database as the first release left it, with a row in its audit."""
    await both.audit.append("a", "w", "s", {})
    columns = [f"ALTER TABLE alerts DROP COLUMN {name}" for name in ("changes", "flapping_since")]
    columns += ["DROP INDEX runs_by_rule", *(f"ALTER TABLE tokens DROP COLUMN {name}" for name in ("person", "model"))]
    gone = [f"DROP TABLE {name}" for name in schema.metadata.tables if name not in {"runs", "audit", "tokens", "alerts", "meta"}]
    await behind(both, *columns, *gone, "UPDATE meta SET value = '1' WHERE name = 'schema_version'")
    return both


async def test_postgresql_is_upgraded_when_somebody_says_so_and_never_before(old: SqlStore, sql_url: str, make: Make) -> None:
    if old._database.dialect.name == "postgresql":
        with pytest.raises(StoreError, match="schema version 1; this mendwatch needs") as caught:
            await open_store(sql_url, key=KEY, clock=FakeClock())
        assert "mendwatch db upgrade" in caught.value.hint

    would = await sql.upgrade_of(sql_url, key=KEY, dry=True)
    assert (await sql.upgrade_of(sql_url, key=KEY)) == would
    assert (would.before, would.after, would.sql.count("CREATE TABLE silences")) == (1, schema.VERSION, 1)
    assert (await sql.upgrade_of(sql_url, key=KEY)).steps == ()

    store = await open_store(sql_url, key=KEY, clock=make.clock, own_clock=False)
    await make.verified(store)
    assert (await store.audit.verify()).fault is None
    assert (await store.audit.entries())[0].what == "w"
    await store.close()


async def test_an_upgrade_that_fails_leaves_the_old_tables_as_they_were(old: SqlStore, sql_url: str) -> None:
    before = await old._database.read(lambda connection: connection.run_sync(shape))
    await behind(old, "CREATE TABLE marks (something TEXT)")

    with pytest.raises(StoreError):
        await sql.upgrade_of(sql_url, key=KEY)
    await behind(old, "DROP TABLE marks")
    assert await old._database.read(lambda connection: connection.run_sync(shape)) == before


async def test_a_dry_run_changes_nothing(old: SqlStore, sql_url: str) -> None:
    before = await old._database.read(lambda connection: connection.run_sync(shape))
    await sql.upgrade_of(sql_url, key=KEY, dry=True)

    assert await old._database.read(lambda connection: connection.run_sync(shape)) == before


async def test_a_database_of_the_server_that_is_not_there_is_said_with_what_to_do(sql_url: str) -> None:
    if sql_url.startswith("postgresql"):
        database = connect(sql_url.replace("/state", "/nowhere"))
        with pytest.raises(StoreError, match="does not exist") as caught:
            await database.read(lambda connection: connection.run_sync(shape))
        assert "createdb" in caught.value.hint
        await database.close()
