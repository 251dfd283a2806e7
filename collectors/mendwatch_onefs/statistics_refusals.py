"""Which keys a release refuses: found by asking for half of them, again and again.

One key that it does not like makes OneFS refuse a whole request, and its message does not always name the key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from mendwatch.errors import Unsupported
from mendwatch_onefs.failures import Rejected

#: Requests that finding them may cost; a release that refuses more than a few keys refuses something else.
_PATIENCE = 40


async def refused_keys(keys: Sequence[str], ask: Callable[[Sequence[str]], Awaitable[object]]) -> frozenset[str] | None:
    """Give the keys that are refused alone; None if that is all of them, or cannot be found out with few requests.

    Raises:
        TargetError: the cluster cannot be asked.
    """
    refused: set[str] = set()
    waiting = [*_halves(keys)]
    for _ in range(_PATIENCE):
        if not waiting:
            break
        part = waiting.pop()
        try:
            await ask(part)
        except (Unsupported, Rejected):
            if len(part) == 1:
                refused.add(part[0])
            else:
                waiting += _halves(part)
    return None if waiting or len(refused) == len(keys) else frozenset(refused)


def _halves(keys: Sequence[str]) -> list[Sequence[str]]:
    middle = len(keys) // 2
    return [part for part in (keys[:middle], keys[middle:]) if part]
