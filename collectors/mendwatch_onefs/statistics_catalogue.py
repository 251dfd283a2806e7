"""The cluster's own catalogue of statistics: which keys this release has, in which unit, and how often it measures them.

Keys come and go with releases, and without the catalogue one that is gone costs a request. So it is read at the start, every
page, and again when the cluster runs another release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import quantity, text


class Policy(msgspec.Struct):
    """How often a key is measured, and how long that is kept."""

    interval: Any = None


class Entry(msgspec.Struct):
    """One entry of statistics/keys."""

    key: Any = None
    units: Any = None
    type: Any = None
    policies: Any = None


class KeyPage(msgspec.Struct):
    """The answer of statistics/keys."""

    keys: list[Entry]
    resume: Any = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalogue says of one key; `interval` is in seconds, 0 for one that is measured whenever somebody asks."""

    unit: str = ""
    kind: str = ""
    interval: float = 0.0


Catalogue = Mapping[str, Facts]


async def read_catalogue(client: OneFSClient) -> Catalogue:
    """Read every page.

    Raises:
        TargetError: it cannot be read; Unsupported where this release has none.
    """
    found: dict[str, Facts] = {}
    async for page in client.pages(1, "statistics/keys", KeyPage, {}):
        found |= facts_of(page.keys)
    return found


def facts_of(entries: Iterable[Entry]) -> dict[str, Facts]:
    """Give what is said of each key; an entry without a name is none."""
    return {
        entry.key: Facts(_word(entry.units), _word(entry.type), _interval(entry.policies))
        for entry in entries
        if isinstance(entry.key, str) and entry.key
    }


def _word(raw: Any) -> str:  # noqa: ANN401 - foreign data
    return (text(raw) or "").strip().lower()


def _interval(policies: Any) -> float:  # noqa: ANN401 - foreign data
    """Give the shortest interval, because the longer ones are those of the history."""
    entries = policies if isinstance(policies, list) else []
    found = (quantity(entry.get("interval")) for entry in entries if isinstance(entry, dict))
    return min((interval for interval in found if interval), default=0.0)
