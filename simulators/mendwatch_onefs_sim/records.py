"""What the cluster was asked: for tests that count logins, and for people who watch a demo. No secret is in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request. `at` is elapsed seconds, `status` 0 if the connection was closed instead of an answer.

    `user` is who was logged in or tried to; `session` the first characters of the cookie, to tell sessions apart; `node`
    the logical number of the node that was asked.
    """

    at: float
    method: str
    path: str
    query: str
    user: str | None
    status: int
    session: str | None
    node: int = 1


class Records:
    """Holds the newest requests, oldest first."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=_KEPT)

    def add(self, record: RequestRecord) -> None:
        """Keep one more."""
        self._records.append(record)

    def all(self) -> list[RequestRecord]:
        """Give all that are kept."""
        return list(self._records)
