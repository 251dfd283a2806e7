"""Typed calls of the vendor's SDK, for questions that are asked once by a person: over our own session, or not at all.

By itself the SDK opens a session for every quiet quarter of a minute and never closes one, trusts its own list of authorities,
and waits for ever. So it only builds the path and the model here. What it sends goes through our client, with our
session, our trust and our deadline; its blocking code runs in a thread. It is imported when it is first asked for: it costs a
second and 60 MB, and an agent that only polls never pays that.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent import futures
from dataclasses import dataclass
from http import HTTPStatus
from types import ModuleType
from typing import Any

from yarl import URL

from mendwatch.errors import BadAnswer, TargetError, Unreachable, Unsupported
from mendwatch_onefs.client import OneFSClient, sdk_package
from mendwatch_onefs.wire import Answer

#: Seconds that one call may take beyond the client's own deadline: the import of the SDK is the longest part.
_GRACE = 20.0
_HINT = "Install it with `pip install 'mendwatch[sdk]'`; everything else works without it."


@dataclass(frozen=True, slots=True)
class _Response:
    """What the SDK expects of an answer."""

    status: int
    data: str
    headers: Mapping[str, str]
    reason: str = ""

    def getheaders(self) -> Mapping[str, str]:
        """Give the headers."""
        return self.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """Give one header."""
        return self.headers.get(name, default)


async def call(client: OneFSClient, release: str, api: str, method: str, **arguments: object) -> Any:  # noqa: ANN401 - the SDK's models
    """Make one typed call, such as `("LicenseApi", "list_license_licenses")`, and give the SDK's model.

    Raises:
        Unsupported: the SDK is not installed, or has no package for a release as old as this.
        BadAnswer: the SDK's models do not take the answer; they are stricter than OneFS.
        TargetError: as any question of the client.
    """
    bridge = _Bridge(client, asyncio.get_running_loop())

    def blocking() -> Any:  # noqa: ANN401 - as above
        package = _package(release)
        bound = getattr(package, api)(_api_client(package, bridge.ask))
        return getattr(bound, method)(**arguments)

    try:
        async with asyncio.timeout(client.options.timeout + _GRACE):
            return await asyncio.to_thread(blocking)
    except TargetError:
        raise
    except TimeoutError as problem:
        raise BadAnswer(f"{api}.{method} took too long") from problem
    except Exception as problem:  # the SDK's own errors have no common root
        raise BadAnswer(f"the vendor's SDK does not take the answer to {api}.{method}: {problem}") from problem
    finally:
        bridge.close()


class _Bridge:
    """Lets the SDK's thread ask by our client, as long as somebody waits for the result.

    A thread cannot be stopped. So when nobody waits any more, its question is cancelled and it gets no other: it ends by itself.
    """

    def __init__(self, client: OneFSClient, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._loop = client, loop
        self._lock = threading.Lock()
        self._asking: futures.Future[Answer] | None = None
        self._closed = False

    def ask(self, url: str, query: Mapping[str, str]) -> Answer:
        """Ask and wait; called in the thread.

        Raises:
            TargetError: as any question of the client.
        """
        with self._lock:
            if self._closed:
                raise _nobody()
            self._asking = asyncio.run_coroutine_threadsafe(self._client.answer_of(URL(url).path, query), self._loop)
        try:
            return self._asking.result()
        except futures.CancelledError as problem:
            raise _nobody() from problem

    def close(self) -> None:
        """Wait no more; called in the loop."""
        with self._lock:
            self._closed = True
            if self._asking is not None:
                self._asking.cancel()


def _nobody() -> Unreachable:
    return Unreachable("nobody waits for the answer any more")


def _package(release: str) -> ModuleType:
    try:
        found = sdk_package(release)
    except ImportError as problem:
        raise Unsupported("the vendor's SDK is not installed", hint=_HINT) from problem
    if found is None:
        raise Unsupported(f"the vendor's SDK has no package for OneFS {release}", hint="Nothing to do: nothing else needs it.")
    return found


def _api_client(package: ModuleType, ask: Any) -> Any:  # noqa: ANN401 - classes of a package without types
    """Give an ApiClient of the SDK that neither logs in nor opens a connection."""
    base: Any = package.ApiClient

    class Client(base):  # type: ignore[misc]  # the SDK has no types
        def update_params_for_auth(self, *_: object) -> None:
            """Prove nothing: the session behind does."""

        def request(self, method: str, url: str, query_params: Any = None, **_: object) -> _Response:  # noqa: ANN401 - as above
            if method != "GET":
                message = f"{method} is not a question"
                raise ValueError(message)
            answer: Answer = ask(url, dict(query_params or ()))
            return _Response(HTTPStatus.OK, answer.body.decode("utf-8", "replace"), dict(answer.headers))

    return Client()
