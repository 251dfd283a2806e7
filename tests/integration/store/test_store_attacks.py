"""Somebody who can write the database, but does not hold the key, is found out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mendwatch.errors import StoreError
from mendwatch.store import audit, chain
from mendwatch.store.sql import SqlStore

KEY = bytes(range(32))


def attack(tmp_path: Path, *statements: str) -> None:
    """Write to the database behind the store's back."""
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as connection, connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("DROP TRIGGER audit_no_delete")
        for statement in statements:
            connection.execute(statement)


def forge(tmp_path: Path, key: bytes) -> None:
    """Add a row as if one had the key."""
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as connection, connection:
        seq, mac = connection.execute("SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        record = chain.record_of(
            chain.Fact("cli:ann", "run.approved", "run-x", {}), chain.entry_of(chain.Link(*first(connection))).at
        )
        row = (seq + 1, "run-x", record, chain.mac_of(key, mac, seq + 1, record))
        connection.execute("INSERT INTO audit (seq, filed, record, mac) VALUES (?, ?, ?, ?)", row)


def first(connection: sqlite3.Connection) -> tuple[int, str, bytes, bytes]:
    row: tuple[int, str, bytes, bytes] = connection.execute("SELECT seq, filed, record, mac FROM audit WHERE seq = 1").fetchone()
    return row


@pytest.fixture
async def written(sql: SqlStore) -> SqlStore:
    for number in range(10):
        await sql.audit.append("cli:ann", "note", f"thing-{number % 3}", {"n": number})
    assert (await sql.audit.verify()).fault is None
    return sql


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit SET record = replace(record, '\"n\":4', '\"n\":5') WHERE seq = 5", "row 5 was overwritten"),
        (
            "UPDATE audit SET record = CAST(replace(record, '\"n\":4', '\"n\":5') AS BLOB) WHERE seq = 5",
            "row 5 does not match its MAC",
        ),
        ("UPDATE audit SET record = x'7b7d' WHERE seq = 5", "row 5 does not match its MAC"),
        ("UPDATE audit SET record = x'' WHERE seq = 5", "row 5 does not match its MAC"),
        ("UPDATE audit SET mac = x'00' WHERE seq = 5", "row 5 does not match its MAC"),
        ("UPDATE audit SET mac = 'text' WHERE seq = 5", "row 5 was overwritten"),
        ("UPDATE audit SET mac = 12345 WHERE seq = 5", "row 5 was overwritten"),
        ("UPDATE audit SET filed = 'thing-9' WHERE seq = 5", "row 5 is filed under another subject"),
        ("UPDATE audit SET filed = x'00' WHERE seq = 5", "row 5 is filed under another subject"),
        ("DELETE FROM audit WHERE seq = 5", "row 5 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "row 1 is missing"),
        ("UPDATE audit SET seq = 50 WHERE seq = 10", "row 10 is missing"),
        ("UPDATE audit SET seq = -1 WHERE seq = 1", "row 1 is missing"),
        ("INSERT INTO audit SELECT 11, filed, record, mac FROM audit WHERE seq = 10", "row 11 does not match its MAC"),
    ],
)
async def test_an_edit_or_a_missing_row_is_found(written: SqlStore, tmp_path: Path, statement: str, fault: str) -> None:
    attack(tmp_path, statement)

    assert fault in str((await written.audit.verify()).fault)


async def test_a_renumbering_after_a_deletion_is_found(written: SqlStore, tmp_path: Path) -> None:
    attack(
        tmp_path,
        "DELETE FROM audit WHERE seq = 5",
        "UPDATE audit SET seq = -seq WHERE seq > 5",
        "UPDATE audit SET seq = -seq - 1 WHERE seq < 0",
    )

    assert "row 5 does not match" in str((await written.audit.verify()).fault)


async def test_two_rows_that_changed_places_are_found(written: SqlStore, tmp_path: Path) -> None:
    attack(
        tmp_path,
        "UPDATE audit SET seq = -4 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 5",
        "UPDATE audit SET seq = 5 WHERE seq = -4",
    )

    verdict = await written.audit.verify()
    assert (verdict.rows, str(verdict.fault)[:5]) == (3, "row 4")


async def test_a_row_added_without_the_key_is_found(written: SqlStore, tmp_path: Path) -> None:
    forge(tmp_path, bytes(32))

    assert "row 11 does not match its MAC" in str((await written.audit.verify()).fault)


async def test_the_store_goes_on_after_a_fault_and_the_fault_stays_found(written: SqlStore, tmp_path: Path) -> None:
    attack(tmp_path, "UPDATE audit SET record = x'7b7d' WHERE seq = 10")
    await written.audit.append("cli:ann", "note", "later", {})

    assert "row 10 does not match" in str((await written.audit.verify()).fault)


async def test_a_cut_tail_is_found_only_with_an_anchor(written: SqlStore, tmp_path: Path) -> None:
    head = await written.audit.verify()
    attack(tmp_path, "DELETE FROM audit WHERE seq > 7")

    assert (await written.audit.verify()).fault is None
    assert "tail was cut" in str((await written.audit.verify(anchor=(head.head_seq, head.head_mac))).fault)


async def test_a_tail_cut_and_written_anew_by_the_agent_is_found_with_an_anchor(written: SqlStore, tmp_path: Path) -> None:
    head = await written.audit.verify()
    attack(tmp_path, "DELETE FROM audit WHERE seq > 7")
    for _ in range(5):
        await written.audit.append("cli:eve", "note", "other", {})

    assert (await written.audit.verify()).fault is None
    assert "the chain was rewritten" in str((await written.audit.verify(anchor=(head.head_seq, head.head_mac))).fault)


async def test_a_row_forged_with_the_key_passes_for_the_key_is_the_secret(written: SqlStore, tmp_path: Path) -> None:
    forge(tmp_path, KEY)

    assert (await written.audit.verify()).fault is None


@pytest.mark.parametrize("statement", ["UPDATE audit SET record = x'00'", "DELETE FROM audit", "UPDATE audit SET seq = seq + 100"])
async def test_the_database_itself_refuses_accidents(written: SqlStore, tmp_path: Path, statement: str) -> None:
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
        connection.rollback()

    assert (await written.audit.verify()).rows == 10


async def test_reading_a_row_that_was_overwritten_is_an_error_with_a_hint(written: SqlStore, tmp_path: Path) -> None:
    attack(tmp_path, "UPDATE audit SET record = x'7b' WHERE seq = 5")

    with pytest.raises(StoreError, match="row 5 of the audit cannot be read") as caught:
        await written.audit.entries()
    assert "audit verify" in caught.value.hint


async def test_a_long_chain_is_verified_in_batches(written: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_BATCH", 3)
    assert ((await written.audit.verify()).rows, (await written.audit.verify()).fault) == (10, None)

    attack(tmp_path, "UPDATE audit SET record = x'7b7d' WHERE seq = 8")

    assert "row 8 does not match" in str((await written.audit.verify()).fault)
