"""A few addresses by icmplib, where the operating system is not one that our own sweep knows.

icmplib opens a socket per address and takes times after the event loop had its turn: with more than a few at once they are
noise, and every raw socket reads the replies of all. So it asks few at a time, and refuses many.

Its summary is not used: it says 0.0 ms for a host that never answered, and no loss for one to which no packet could be
sent. What is counted here is requests wanted and replies seen.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping, Sequence

import icmplib
from icmplib.exceptions import ICMPLibError, SocketPermissionError

from mendwatch_icmp.ledger import Tally
from mendwatch_icmp.losses import Loss
from mendwatch_icmp.sweep import Plan

#: Addresses at a time, and addresses at all.
PARALLEL, MOST = 8, 64


async def sweep_few(hosts: Sequence[str], plan: Plan) -> Mapping[str, Tally]:
    """Ask all, and give what each gave.

    Raises:
        OSError: no socket may be opened, or there are more addresses than this way can ask.
    """
    if len(hosts) > MOST:
        message = f"this system's sweep asks {MOST} addresses at most, not {len(hosts)}"
        raise OSError(errno.E2BIG, message)
    turns = asyncio.Semaphore(PARALLEL)
    found = await asyncio.gather(*(_ask(host, plan, turns) for host in hosts))
    return dict(zip(hosts, found, strict=True))


async def _ask(host: str, plan: Plan, turns: asyncio.Semaphore) -> Tally:
    async with turns:
        try:
            return await _ping(host, plan, privileged=False)
        except SocketPermissionError:
            pass
        try:
            return await _ping(host, plan, privileged=True)
        except SocketPermissionError as problem:
            raise PermissionError(errno.EACCES, str(problem)) from problem


async def _ping(host: str, plan: Plan, *, privileged: bool) -> Tally:
    tally = Tally()
    tally.wanted = plan.count
    try:
        seen = await icmplib.async_ping(host, plan.count, plan.interval, plan.timeout, privileged=privileged)
    except SocketPermissionError:
        raise
    except ICMPLibError:
        tally.lost[Loss.UNSENDABLE] = plan.count
        return tally
    tally.answered = len(seen.rtts)
    tally.times = [milliseconds / 1000 for milliseconds in seen.rtts if milliseconds > 0]
    if lost := plan.count - tally.answered:
        tally.lost[Loss.TIMEOUT] = lost
    return tally
