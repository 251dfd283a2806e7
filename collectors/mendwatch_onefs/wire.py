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
from yarl import URL

from mendwatch.errors import BadAnswer, TargetError, Unreachable
from mendwatch_onefs import failures
from mendwatch_onefs.addresses import Node
from mendwatch_onefs.lines import Line
from mendwatch_onefs.options import OneFSOptions

#: Bytes of one answer; all statistics of 252 nodes are 3 MB. More is no answer but a fault.
LARGEST_ANSWER = 64 * 1024 * 1024
_CHUNK = 256 * 1024


class Moved(Unreachable):
    """The line that a question belongs to was given up; nothing was sent."""

    default_hint = "Nothing to do: the next question opens a session with another node."


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `headers` hold session secrets and stay out of repr; `line` is the one they are good for, None any."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and over which line; `cookies` are those set by it, an empty value where one was withdrawn."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    line: int = 0


class Wire:
    """Connections to one cluster. Made without I/O; the first exchange opens them.

    They lead to one node, until it fails: `line` counts how often that happened.
    """

    def __init__(self, url: URL, options: OneFSOptions) -> None:
        self.url = url
        self._options = options
        self._slots = asyncio.Semaphore(options.concurrency)
        self.line = 0
        self._line: Line | None = None
        self._failed: list[Node] = []
        self._closed = False

    @property
    def where(self) -> str:
        """Host and port, as they stand in messages."""
        return self.url.authority

    async def exchange(self, question: Question) -> Answer:
        """Ask once and read the whole answer, whatever its status.

        Raises:
            Unreachable: no connection, no trust, or no complete answer in time.
            Moved: the question belongs to a line that was given up.
            BadAnswer: the answer broke off, is no HTTP or is too large.
        """
        async with self._slots, self._line_of(question) as line:
            number = self.line
            try:
                async with asyncio.timeout(self._options.timeout):
                    return await self._exchange(line.http, question, number)
            except (aiohttp.ClientError, OSError) as problem:
                raise self._failure(problem, line) from _harmless(problem)

    async def _exchange(self, http: aiohttp.ClientSession, question: Question, line: int) -> Answer:
        async with http.request(
            question.method,
            self.url.with_path(question.path),
            params=question.query,
            headers=question.headers,
            data=question.body,
            allow_redirects=False,
        ) as response:
            body = await self._read(response, question)
            cookies = {name: morsel.value for name, morsel in response.cookies.items()}
            return Answer(response.status, response.headers, cookies, body, line)

    async def _read(self, response: aiohttp.ClientResponse, question: Question) -> bytes:
        """Read the whole body; what is counted is what it grows to, when it was compressed."""
        parts: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_chunked(_CHUNK):
            parts.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise BadAnswer(f"{question}: the answer is larger than {LARGEST_ANSWER} bytes")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _failure(self, problem: Exception, line: Line) -> TargetError:
        """Give the error to raise; when the node failed, the next question opens a line to another one."""
        failure = failures.of_connection(problem, self.where, self._options.timeout)
        if isinstance(failure, Unreachable) and line is self._line and line.give_up():
            self._line = None
            self.line += 1
        return failure

    def _line_of(self, question: Question) -> Line:
        if self._closed:
            raise Unreachable(f"the session with {self.where} is closed", hint="Nothing to do: the agent is shutting down.")
        if question.line not in {None, self.line}:
            raise Moved(f"the node of {self.where} that the session belongs to was left")
        if self._line is None:
            self._line = Line(self._options, self._failed)
        return self._line

    async def close(self) -> None:
        """Let go of every connection; never raises."""
        self._closed = True
        line, self._line = self._line, None
        with contextlib.suppress(Exception):
            if line is not None:
                await line.close()


def _harmless(problem: Exception) -> Exception | None:
    """Give the cause to keep with an error: none where the library put the request's headers, and so its cookies, into it."""
    return None if isinstance(problem, aiohttp.ClientResponseError) else problem
