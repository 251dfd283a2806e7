"""Answers a scrape: the format and the compression that the reader asks for, and never the loop for long.

A page may have hundreds of thousands of lines. It is written piece by piece while others run in between, sent as it is
written, and compressed in a thread. Whoever can give pages in pieces is served; nothing here knows what is on them.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, closing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from mendwatch.clock import turn
from mendwatch.metrics.formats import Format, negotiate

#: Gives a page of one moment in a format, in pieces that each take some milliseconds; some may be empty.
Pieces = Callable[[Format], Generator[bytes, None, None]]

#: Pages below this many bytes are sent as they are: compressing and unpacking them costs more than it saves.
COMPRESSED_FROM = 16_384
#: zlib's cheapest level: 9 times cheaper than the highest, for a page that is a sixth larger.
_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS


class _Page(StreamingResponse):
    """A page that is let go of as soon as its reader leaves, with all that it would still have shown."""

    def __init__(self, body: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> None:
        super().__init__(body, headers=headers)
        self._body = body

    async def stream_response(self, send: Send) -> None:
        """Send the page, to its end or not."""
        async with aclosing(self._body):
            await super().stream_response(send)


async def answer(request: Request, pieces: Pieces) -> Response:
    """Answer GET with the page and HEAD with its headers.

    There is nothing to revalidate, every page being of its own moment, so conditions in the request are not looked at.
    """
    form = negotiate(", ".join(request.headers.getlist("accept")))
    headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
    if request.method == "HEAD":
        return StreamingResponse(_nothing(), headers=headers)
    written = pieces(form)
    begun = await _begin(written)
    if sum(map(len, begun)) < COMPRESSED_FROM:
        return Response(b"".join(begun), headers=headers)
    body = _rest(begun, written)
    if accepts_gzip(", ".join(request.headers.getlist("accept-encoding"))):
        return _Page(_compressed(body), headers={**headers, "Content-Encoding": "gzip"})
    return _Page(body, headers=headers)


def accepts_gzip(accept: str) -> bool:
    """Read an `Accept-Encoding` header: gzip by name, else by `*`; refused where its q is 0."""
    weights = dict(_coding(part) for part in accept.lower().split(","))
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _coding(part: str) -> tuple[str, float]:
    name, _, options = part.partition(";")
    found, _, weight = options.partition("=")
    try:
        return name.strip(), float(weight) if found.strip() == "q" else 1.0
    except ValueError:
        return name.strip(), 0.0


async def _begin(written: Iterator[bytes]) -> list[bytes]:
    """Take so many pieces that it is known whether the page is large, or all of them."""
    begun: list[bytes] = []
    size = 0
    for piece in written:
        begun.append(piece)
        size += len(piece)
        await turn()
        if size >= COMPRESSED_FROM:
            break
    return begun


async def _rest(begun: list[bytes], written: Generator[bytes, None, None]) -> AsyncGenerator[bytes, None]:
    with closing(written):
        yield b"".join(begun)
        begun.clear()
        for piece in written:
            if piece:
                yield piece
            await turn()


async def _compressed(body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Compress in a thread, which zlib lets run beside the loop."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    async with aclosing(body):
        async for piece in body:
            packed = await asyncio.to_thread(packer.compress, piece)
            if packed:
                yield packed
    yield packer.flush()


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
