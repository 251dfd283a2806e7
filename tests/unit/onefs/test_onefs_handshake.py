"""Looking at an address: whatever is there or is not, one clear error and no other."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from certificates import write_certificate

from mendwatch.errors import Unreachable
from mendwatch_onefs import handshake
from mendwatch_onefs.options import OneFSOptions

QUICK = OneFSOptions(timeout=0.3)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _listening(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await talk(reader, writer)

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
    for writer in writers:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1000)
    writer.close()


async def _plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", "no-such-name.invalid"])
async def test_what_is_no_name_does_not_resolve(name: str) -> None:
    with pytest.raises(Unreachable, match="does not resolve"):
        await handshake.addresses(name, 8080)


@pytest.mark.parametrize(
    ("talk", "words"),
    [(_silent, "no answer within 0.3 s"), (_closing, "closed in the middle"), (_plain, r"(?i)wrong.version|record")],
)
async def test_what_is_no_tls_is_told_as_what_it_is(talk: Talk, words: str) -> None:
    async with _listening(talk) as port:
        with pytest.raises(Unreachable, match=words):
            await handshake.look("127.0.0.1", "c1", port, QUICK)


async def test_a_certificate_that_cannot_be_read_is_named_by_its_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = write_certificate(tmp_path, "odd")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "odd.crt", tmp_path / "odd.key")

    def unreadable(_: bytes) -> None:
        message = "error parsing asn1 value"
        raise ValueError(message)

    monkeypatch.setattr(handshake.x509, "load_der_x509_certificate", unreadable)
    async with _listening(_silent, context) as port:
        with pytest.raises(Unreachable, match=fingerprint):
            await handshake.look("127.0.0.1", "c1", port, QUICK)


async def test_an_address_is_its_own_name() -> None:
    assert await handshake.addresses("127.0.0.1", 8080) == ("127.0.0.1",)
