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
from mendwatch_onefs.addresses import Node, places_of
from mendwatch_onefs.lines import Line, Whereabouts
from mendwatch_onefs.options import OneFSOptions

#: Bytes of one answer; all statistics of 252 nodes are 3 MB. More is no answer but a fault.
LARGEST_ANSWER = 64 * 1024 * 1024
_CHUNK = 256 * 1024
#: Nodes that were left and are remembered, so that the sessions there can be ended.
_REMEMBERED = 8


class Moved(Unreachable):
    """The line that a question belongs to was given up; nothing was sent."""

    default_hint = "Nothing to do: the next question opens a session with another node."


class NotConnected(Unreachable):
    """No connection was made, so nothing was sent, and another node can be asked the same."""


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
        self._places = places_of(url, options.addresses)
        self._left: dict[int, Whereabouts] = {}
        self._certificate: bytes | None = None
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
        """Ask once and read the whole answer, whatever its status. Where no connection can be made, other nodes are tried.

        Raises:
            Unreachable: no connection, no trust, or no complete answer in time.
            Moved: the question belongs to a line that was given up.
            BadAnswer: the answer broke off, is no HTTP or is too large.
        """
        async with self._slots:
            attempts = max(len(self._places), 2)
            while True:
                try:
                    return await self._attempt(question)
                except NotConnected as failure:
                    attempts -= 1
                    if question.line is not None:
                        raise Moved(str(failure)) from failure
                    if not attempts:
                        raise Unreachable(str(failure), hint=failure.hint) from failure

    async def farewell(self, question: Question) -> None:
        """Tell a node that was left something, over a connection of its own; whether it hears is not known.

        Raises:
            TargetError: it did not hear.
        """
        whereabouts = self._left.pop(question.line or 0, None)
        if whereabouts is not None:
            async with Line(self._options, whereabouts, []) as line:
                try:
                    await self._exchange(line, question, question.line or 0)
                except (aiohttp.ClientError, OSError) as problem:
                    raise Unreachable(f"{self.where} does not hear that its session ends") from _harmless(problem)
                finally:
                    await line.close()

    @property
    def certificate(self) -> bytes | None:
        """The certificate that the newest connection showed (DER); None before the first."""
        return (self._line.certificate if self._line is not None else None) or self._certificate

    async def _attempt(self, question: Question) -> Answer:
        async with self._line_of(question) as line:
            number = self.line
            try:
                async with asyncio.timeout(self._options.timeout):
                    return await self._exchange(line, question, number)
            except (aiohttp.ClientError, OSError) as problem:
                raise self._failure(problem, line) from _harmless(problem)

    async def _exchange(self, line: Line, question: Question, number: int) -> Answer:
        elsewhere = line.place != self.url
        async with line.http.request(
            question.method,
            line.place.with_path(question.path),
            params=question.query,
            headers={**question.headers, "Host": self.where} if elsewhere else question.headers,
            data=question.body,
            allow_redirects=False,
            server_hostname=self.url.host if elsewhere else None,  # the certificate is still that of the cluster
        ) as response:
            body = await self._read(response, question)
            cookies = {name: morsel.value for name, morsel in response.cookies.items()}
            return Answer(response.status, response.headers, cookies, body, number)

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
        if not isinstance(failure, Unreachable):
            return failure
        left = line is not self._line or line.give_up()
        if line is self._line and left:
            self._leave(line)
        return NotConnected(str(failure), hint=failure.hint) if left and failures.is_unconnected(problem) else failure

    def _leave(self, line: Line) -> None:
        """Go to another node with the next question, and remember where the sessions of this one are."""
        self._certificate = line.certificate or self._certificate
        self._left[self.line] = line.whereabouts
        for number in sorted(self._left)[:-_REMEMBERED]:
            del self._left[number]
        if line.place in self._places:
            self._places.remove(line.place)
            self._places.append(line.place)
        self._line = None
        self.line += 1

    def _line_of(self, question: Question) -> Line:
        if self._closed:
            raise Unreachable(f"the session with {self.where} is closed", hint="Nothing to do: the agent is shutting down.")
        if question.line not in {None, self.line}:
            raise Moved(f"the node of {self.where} that the session belongs to was left")
        if self._line is None:
            others = len(self._places) > 1
            self._line = Line(self._options, Whereabouts(self._places[0]), self._failed, others=others)
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
