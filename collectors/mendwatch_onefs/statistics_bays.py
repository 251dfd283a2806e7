"""Which bay a disk is in: statistics number the disks of a node by an index of their own, and everybody else by the bay.

The index is no bay, not even one less, so it is never shown: what nobody can place has no series. The keys `node.disk.bay.N` tell.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

from mendwatch_onefs.decoding import decode, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.statistics_answers import WHAT, CurrentStatistics
from mendwatch_onefs.statistics_asks import batches
from mendwatch_onefs.statistics_catalogue import Catalogue

_KEY = re.compile(r"node\.disk\.bay\.(\d{1,4})", re.ASCII)
_NAMED = re.compile(r"bay\s*(\d{1,4})", re.ASCII | re.IGNORECASE)
#: Bays of the largest node, for a cluster that does not tell which keys it has.
_MOST = 60
#: Disks of one answer: so many are placed in a few milliseconds.
_AT_ONCE = 2_000

#: The label of the bay of each disk, by the device id of its node and its index.
Bays = Mapping[tuple[int | None, str], str]
Ask = Callable[[Sequence[str]], Awaitable[bytes]]


def bay_of(devid: int | None, disk: str, bays: Bays) -> str | None:
    """Give the bay of a disk as a label; None where nobody knows it."""
    named = _NAMED.fullmatch(disk)
    return str(int(named[1])) if named else bays.get((devid, disk))


def bay_keys(catalogue: Catalogue | None) -> list[str]:
    """Give the keys that tell the bays, as far as this release has them."""
    return [f"node.disk.bay.{index}" for index in range(_MOST)] if catalogue is None else list(filter(_KEY.fullmatch, catalogue))


async def read_bays(keys: Iterable[str], nodes: int, ask: Ask, drift: Drift) -> Bays:
    """Ask for the bays of all disks of so many nodes.

    Raises:
        TargetError: they cannot be asked for.
    """
    found: dict[tuple[int | None, str], str] = {}
    for some in batches(dict.fromkeys(keys, nodes), answer=_AT_ONCE):
        found.update(_bays(await ask(some), drift))
        await asyncio.sleep(0)
    return found


def _bays(body: bytes, drift: Drift) -> Iterator[tuple[tuple[int | None, str], str]]:
    for value in decode(body, CurrentStatistics, WHAT).stats:
        key = _KEY.fullmatch(value.key) if isinstance(value.key, str) else None
        bay = drift.whole("statistics/current: node.disk.bay", value.value)
        if key is not None and bay is not None:
            yield (whole(value.devid), key[1]), str(bay)
