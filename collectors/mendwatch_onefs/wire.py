"""HTTPS exchanges with one cluster: bounded in time, in size and in number; no notion of sessions or of meaning.

Cookies are not kept by the HTTP library: its jar drops those of hosts that are named by an IP address, and who
may set them is for `logins` to decide.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp.resolver import DefaultResolver
from yarl import URL

from mendwatch.errors import BadAnswer, TargetError, Unreachable
from mendwatch_onefs import failures
from mendwatch_onefs.addresses import PinnedResolver
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.trust import trust

#: Bytes of one answer; all statistics of 252 nodes are 3 MB. More is no answer but a fault.
LARGEST_ANSWER = 64 * 1024 * 1024
#: Seconds that an idle connection is kept: longer than the usual interval, a TLS handshake costs more than a poll.
_KEEP_ALIVE = 60.0
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `headers` hold session secrets and stay out of repr."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `cookies` are those set by it, an empty value where one was withdrawn."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Wire:
    """Connections to one cluster. Made without I/O; the first exchange opens them."""

    def __init__(self, url: URL, options: OneFSOptions) -> None:
        self.url = url
        self.timeout = options.timeout
        self._options = options
        self._slots = asyncio.Semaphore(options.concurrency)
        self._http: aiohttp.ClientSession | None = None
        self._resolver: PinnedResolver | None = None
        self._closed = False

    @property
    def where(self) -> str:
        """Host and port, as they stand in messages."""
        return self.url.authority

    async def exchange(self, question: Question, timeout: float | None = None) -> Answer:  # noqa: ASYNC109 - of one exchange, told in the error
        """Ask once and read the whole answer, whatever its status.

        Raises:
            Unreachable: no connection, no trust, or no complete answer in time.
            BadAnswer: the answer broke off, is no HTTP or is too large.
        """
        seconds = timeout or self.timeout
        try:
            async with self._slots, asyncio.timeout(seconds):
                return await self._exchange(question)
        except (aiohttp.ClientError, OSError) as problem:
            raise self._failed(problem, seconds) from _harmless(problem)

    async def _exchange(self, question: Question) -> Answer:
        async with self._opened().request(
            question.method,
            self.url.with_path(question.path),
            params=question.query,
            headers=question.headers,
            data=question.body,
            allow_redirects=False,
        ) as response:
            body = await self._read(response, question)
            cookies = {name: morsel.value for name, morsel in response.cookies.items()}
            return Answer(response.status, response.headers, cookies, body)

    async def _read(self, response: aiohttp.ClientResponse, question: Question) -> bytes:
        parts = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            parts += chunk
            if len(parts) > LARGEST_ANSWER:
                raise BadAnswer(f"{question}: the answer is larger than {LARGEST_ANSWER} bytes")
        return bytes(parts)

    def _failed(self, problem: Exception, seconds: float) -> TargetError:
        failure = failures.of_connection(problem, self.where, seconds)
        if isinstance(failure, Unreachable) and self._resolver is not None:
            self._resolver.forget()
        return failure

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Unreachable(f"the session with {self.where} is closed", hint="Nothing to do: the agent is shutting down.")
        if self._http is None:
            context = trust(self._options)
            self._resolver = PinnedResolver(DefaultResolver())
            connector = aiohttp.TCPConnector(
                ssl=context,
                resolver=self._resolver,
                use_dns_cache=False,
                limit=self._options.concurrency,
                keepalive_timeout=_KEEP_ALIVE,
            )
            self._http = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # asyncio.timeout above is the one deadline
                headers={"Accept": "application/json", "User-Agent": "mendwatch"},
            )
        return self._http

    async def close(self) -> None:
        """Let go of every connection; never raises."""
        self._closed = True
        http, self._http = self._http, None
        with contextlib.suppress(Exception):
            if http is not None:
                await http.close()


def _harmless(problem: Exception) -> Exception | None:
    """Give the cause to keep with an error: none where the library put the request's headers, and so its cookies, into it."""
    return None if isinstance(problem, aiohttp.ClientResponseError) else problem
