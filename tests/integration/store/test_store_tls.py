"""Over a network the server proves who it is before anything is said to it, and the listening connection holds to that as well."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import write_certificate
from postgresql_server import Server, serving
from prometheus_server import free_port

from mendwatch.clock import SystemClock
from mendwatch.errors import StoreError
from mendwatch.store.sql import open_store

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int, Path]]:
    """A server with a certificate, its port, and the folder of certificates."""
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    for name in ("server", "other"):
        write_certificate(folder, name)
    with serving() as server:
        server.stop()
        server.secure(folder / "server.crt", folder / "server.key", port)
        server.start()
        yield server, port, folder


async def opened(url: str) -> bool:
    """Tell whether all connections of a store over an URL are encrypted, the listening one too."""
    store = await open_store(url, key=KEY, clock=SystemClock())
    try:
        async with asyncio.timeout(5):
            while store.version() is None:  # noqa: ASYNC110 - this is the promise: ask again
                await asyncio.sleep(0.01)
        question = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'mendwatch'"

        async def work(connection: object) -> bool:
            return bool((await connection.exec_driver_sql(question)).scalar_one())  # type: ignore[attr-defined]

        return await store._database.read(work)
    finally:
        await store.close()


async def test_a_server_that_proves_itself_is_spoken_to_in_secret(secured: tuple[Server, int, Path]) -> None:
    _, port, folder = secured
    place = f"postgresql://mendwatch@localhost:{port}/postgres"

    assert await opened(f"{place}?sslmode=verify-full&sslrootcert={folder / 'server.crt'}")
    assert await opened(f"{place}?sslmode=require")
    assert not await opened(place)


async def test_a_server_that_is_not_the_one_is_refused(secured: tuple[Server, int, Path]) -> None:
    _, port, folder = secured
    for name, host, mode in (("other", "localhost", "verify-ca"), ("server", "127.0.0.2", "verify-full")):
        with pytest.raises(StoreError, match=r"(?i)certificate"):
            await opened(f"postgresql://mendwatch@{host}:{port}/postgres?sslmode={mode}&sslrootcert={folder / f'{name}.crt'}")
