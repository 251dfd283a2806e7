"""A PostgreSQL server that goes away and comes back, that hangs, and that nobody gets into: told in our words, and outlived."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
from postgresql_server import Server, serving

from mendwatch.clock import SystemClock
from mendwatch.errors import StoreError
from mendwatch.model.runs import RunState
from mendwatch.store import postgresql
from mendwatch.store.addresses import arguments
from mendwatch.store.database import connect
from mendwatch.store.lanes import Lane
from mendwatch.store.sql import SqlStore, open_store

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

KEY = bytes(range(32))
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that these tests may stop."""
    with serving() as server:
        yield server


@pytest.fixture
async def away(own: Server) -> AsyncIterator[SqlStore]:
    """A store on it, in a new database."""
    own.ask("DROP DATABASE IF EXISTS state", "CREATE DATABASE state")
    store = await open_store(own.url("state"), key=KEY, clock=CLOCK)
    yield store
    await store.close()
    own.ask("DROP DATABASE state WITH (FORCE)")


async def listens(store: SqlStore) -> bool:
    """Wait until it hears of others, as long as a lost server may take."""
    async with asyncio.timeout(5):
        while store.version() is None:  # noqa: ASYNC110 - this is the promise: ask again
            await asyncio.sleep(0.01)
    return True


async def test_a_server_that_crashed_is_an_error_and_when_it_is_back_the_next_word_is_kept(
    own: Server, away: SqlStore, make: Make
) -> None:
    make.clock.step_wall((CLOCK.now() - make.clock.now()).total_seconds())
    run = await make.approved(away)
    assert await listens(away)
    own.stop(signal.SIGQUIT)
    for _ in range(3):
        with pytest.raises(StoreError, match="does not answer"):
            await away.runs.change(run.id, make.to(RunState.APPLYING))
    own.start()

    began = CLOCK.monotonic()
    assert (await away.runs.change(run.id, make.to(RunState.APPLYING))).state is RunState.APPLYING
    assert await listens(away)
    assert CLOCK.monotonic() - began < 5
    assert (await away.audit.verify()).fault is None


async def test_every_connection_of_the_pool_that_was_lost_is_opened_anew_without_an_error(own: Server, away: SqlStore) -> None:
    await asyncio.gather(*(away.audit.head() for _ in range(8)))
    own.stop(signal.SIGQUIT)
    own.start()

    assert await asyncio.gather(*(away.audit.head() for _ in range(8))) == [None] * 8
    await asyncio.gather(*(away.audit.append("a", "w", "s", {"n": n}) for n in range(8)))
    assert (await away.audit.verify()).rows == 8


async def test_a_server_that_hangs_is_an_error_in_bounded_time(
    own: Server, away: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(postgresql, "STATEMENT_SECONDS", -0.5)
    database = connect(own.url("state"))

    async def slow(connection: object) -> None:
        await connection.exec_driver_sql("SELECT pg_sleep(30)")  # type: ignore[attr-defined]

    began = CLOCK.monotonic()
    with pytest.raises(StoreError):
        await database.read(slow)
    assert CLOCK.monotonic() - began < 5
    os.kill(own.pid, signal.SIGSTOP)
    try:
        began, fresh = CLOCK.monotonic(), connect(own.url("state"))
        with pytest.raises(StoreError):
            await fresh.read(slow)
        assert CLOCK.monotonic() - began < 5
    finally:
        os.kill(own.pid, signal.SIGCONT)
    await database.close()
    await fresh.close()
    assert await away.audit.head() is None


async def test_a_writer_that_stands_still_in_the_middle_is_cut_off_and_the_others_go_on(
    own: Server, away: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgresql._SERVER, "idle_in_transaction_session_timeout", "300ms")
    still, entered, go_on = connect(own.url("state")), asyncio.Event(), asyncio.Event()

    async def stand(connection: object) -> None:
        entered.set()
        await go_on.wait()
        await connection.exec_driver_sql("DELETE FROM marks")  # type: ignore[attr-defined]

    standing = asyncio.create_task(still.write(stand))
    await entered.wait()
    assert (await away.audit.append("a", "w", "s", {})).seq == 1  # which had to wait for the lane
    go_on.set()
    await standing  # it was done anew on another connection
    await still.close()


async def test_writers_of_two_stores_that_wait_for_each_other_both_get_through(own: Server, away: SqlStore) -> None:
    await away.marks.keep("a", "x", "0")
    await away.marks.keep("b", "x", "0")
    other, met = connect(own.url("state")), asyncio.Barrier(2)

    def crossing(first: str, second: str):  # noqa: ANN202 - a piece of work
        tried = []

        async def work(connection: object) -> None:
            await connection.exec_driver_sql(f"UPDATE marks SET mark = mark || '1' WHERE target = '{first}'")  # type: ignore[attr-defined] # noqa: S608 - our own words
            if not tried:
                tried.append(True)
                await met.wait()
            await connection.exec_driver_sql(f"UPDATE marks SET mark = mark || '1' WHERE target = '{second}'")  # type: ignore[attr-defined] # noqa: S608 - our own words

        return work

    await asyncio.gather(away._database.write(crossing("a", "b"), Lane.OWN), other.write(crossing("b", "a"), Lane.OWN))
    assert [await away.marks.of(name, "x") for name in "ab"] == ["011", "011"]
    await other.close()


async def test_the_clock_of_the_database_is_what_changes_go_by(own: Server, make: Make) -> None:
    own.ask("DROP DATABASE IF EXISTS clock", "CREATE DATABASE clock")
    make.clock.step_wall(-86_400)
    store = await open_store(own.url("clock"), key=KEY, clock=make.clock)
    run = await store.runs.propose(make.new())

    assert run is not None
    assert abs((run.created_at - CLOCK.now()).total_seconds()) < 60
    assert (await store.audit.entries())[0].at == run.created_at
    await store.close()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?sslmode=perhaps", "sslmode"),
        ("?passfile=x", "passfile"),
        ("?sslrootcert=/nowhere.pem&sslmode=verify-full", "cannot be read"),
        ("?host=127.0.0.1&port=many", "port"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(query: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        connect(f"postgresql://u@h/d{query}")


@pytest.mark.parametrize(
    ("url", "encrypted", "named"),
    [
        ("postgresql://u@/d?host=/run/postgresql", False, False),
        ("postgresql://u@127.0.0.1/d", False, False),
        ("postgresql://u@db.example.com/d", True, True),
        ("postgresql://u@db.example.com/d?sslmode=verify-ca", True, False),
        ("postgresql://u@db.example.com/d?sslmode=disable", False, False),
    ],
)
def test_over_a_network_the_server_must_prove_who_it_is_unless_somebody_says_otherwise(
    url: str,
    encrypted: bool,  # noqa: FBT001 - from the table
    named: bool,  # noqa: FBT001 - from the table
) -> None:
    from sqlalchemy import make_url  # noqa: PLC0415 - only here

    context = arguments(make_url(url))["ssl"]

    assert bool(context) is encrypted
    assert (context.check_hostname if context else False) is named


async def test_a_wrong_password_is_said_without_showing_it(own: Server) -> None:
    own.ask("CREATE ROLE somebody LOGIN PASSWORD 'right'")
    hba = own.folder / "data" / "pg_hba.conf"
    kept = hba.read_text()
    hba.write_text("local all somebody scram-sha-256\n" + kept)
    own.ask("SELECT pg_reload_conf()")
    url = own.url("postgres").replace("mendwatch@", "somebody@")
    try:
        with pytest.raises(StoreError, match="password authentication failed") as caught:
            await open_store(url, key=KEY, clock=CLOCK, password="Canary9")
        assert "Canary9" not in f"{caught.value}{caught.value.hint}{caught.value.__cause__!r}"
        assert "state_password" in caught.value.hint
    finally:
        hba.write_text(kept)
        own.ask("SELECT pg_reload_conf()")
