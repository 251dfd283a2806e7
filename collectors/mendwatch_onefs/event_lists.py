"""The single events inside an event group, from event/eventlists: what exactly happened, where, and how often.

A list is asked for only when its group is new or has grown, and only for a few groups at a time: an old cluster has thousands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mendwatch.errors import BadAnswer
from mendwatch_onefs.decoding import text, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.session import OneFSSession

#: Lists that one poll asks for at most; the others have their turn in the polls that follow.
AT_ONCE = 20


class ListedEvent(msgspec.Struct):
    """One event; `event` is the number of its kind."""

    event: Any = None
    lnn: Any = None
    message: Any = None
    severity: Any = None
    value: Any = None


class EventList(msgspec.Struct):
    """The events of one group, the oldest first."""

    id: Any = None
    events: list[ListedEvent] | None = None


class EventLists(msgspec.Struct):
    """What the request for one list gives."""

    eventlists: list[EventList] = []


@dataclass(frozen=True, slots=True)
class Detail:
    """What the newest event of a group says; empty where it does not. `stamp` tells whether the group has grown since."""

    stamp: str
    message: str = ""
    attributes: Mapping[str, str] | None = None


def detail_of(lists: Sequence[EventList], stamp: str) -> Detail:
    """Give what the newest event of a list says."""
    events = [event for one in lists for event in one.events or ()]
    if not events:
        return Detail(stamp)
    newest = events[-1]
    pairs = {"code": _code(newest.event), "lnn": _code(newest.lnn), "value": text(newest.value)}
    message = newest.message if isinstance(newest.message, str) else ""
    return Detail(stamp, message, {name: value for name, value in pairs.items() if value})


def _code(raw: Any) -> str | None:  # noqa: ANN401 - foreign data
    number = whole(raw)
    return str(number) if number else None


async def refresh(session: OneFSSession, known: Mapping[str, Detail], wanted: Mapping[str, str], drift: Drift) -> dict[str, Detail]:
    """Give the details of the wanted groups (stamps by id): those that are known, and a few that are new and asked for now.

    A damaged list costs no event: what was known of its group stands, and the next poll asks again.

    Raises:
        TargetError: the cluster cannot be asked.
    """
    found = {key: known[key] for key in wanted if key in known}
    stale = [key for key, stamp in wanted.items() if key.isdecimal() and (key not in known or known[key].stamp != stamp)]
    for key in stale[-AT_ONCE:]:
        try:
            answer = await session.offered(7, f"event/eventlists/{key}", EventLists)
        except BadAnswer:
            drift.odd("event/eventlists")
            continue
        found[key] = detail_of(answer.eventlists if answer else (), wanted[key])
    return found
