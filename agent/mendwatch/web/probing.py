"""`/probe?target=`: one target's series on a page of their own, in the way of multi-target exporters.

What may be asked and how long is decided here; who polls and who writes the page is passed in.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mendwatch.errors import NotFound
from mendwatch.web import exposition

#: The header in which Prometheus says how long it waits, and what is kept of that for the way back.
PATIENCE_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
_RETURN = 0.5
#: Seconds to wait for fresh data where nobody says how long, and at most.
_USUAL, _LONGEST = 9.5, 120.0
#: No name of a target is longer; looking for what was meant by a page of text would take its time.
_LONGEST_NAME = 63


class Refresh(Protocol):
    """Has a target's overdue collectors polled, within so many seconds."""

    def __call__(self, target: str, patience: float) -> Awaitable[None]:
        """Return when they are, or when the time is over. Raises NotFound where there is no such target."""
        ...


class Probe:
    """The endpoint. `page` gives one target's series in a format, in pieces."""

    def __init__(self, refresh: Refresh, page: Callable[[str], exposition.Pieces]) -> None:
        self._refresh, self._page = refresh, page

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        target = request.query_params.get("target", "")
        if not 0 < len(target) <= _LONGEST_NAME:
            return PlainTextResponse("which target? Ask /probe?target=NAME; /sd lists the names\n", 400)
        try:
            await self._refresh(target, patience(request.headers.get(PATIENCE_HEADER)))
        except NotFound as problem:
            return PlainTextResponse(f"{problem}. {problem.hint}\n", 404)
        return await exposition.answer(request, self._page(target))


def patience(header: str | None) -> float:
    """Give the seconds that a poll may take, from what Prometheus says of its own patience."""
    try:
        asked = float(header) if header is not None else math.nan
    except ValueError:
        asked = math.nan
    if not math.isfinite(asked) or asked <= 0:
        return _USUAL
    return min(max(asked - _RETURN, asked / 2), _LONGEST)
