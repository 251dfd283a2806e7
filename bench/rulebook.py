"""Rules beside ansible-rulebook, in one run: 50 rules of which one matches each event.

Run: python bench/rulebook.py [events]. Ours writes every transition into a real SQLite file; the peer keeps nothing and does
nothing (its action is `none`). The peer is installed from the registry into an environment of its own, and needs Java.
"""

from __future__ import annotations

import asyncio
import sys

import decisions
from parts.rulebooks import VERSION, Burst, Peer

RULES = 50


def tell(what: str, events: int, wall: float, cpu: float) -> None:
    """Print one line."""
    rates = f"{events / wall:>8,.0f} events/s {cpu / events * 1e6:>7.1f} us of CPU each"
    print(f"{what:<44}{rates}")


async def main() -> None:
    """Measure both, and how many times ours is faster."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    ours = await decisions.burst(RULES, count, "sensor", decisions.samples)
    tell(f"mendwatch, {ours.transitions:,} transitions journaled", ours.events, ours.wall, ours.cpu)
    peer = await Peer.found()
    if isinstance(peer, str):
        print(f"ansible-rulebook {VERSION} was not measured: {peer}")
        return
    theirs: Burst = await peer.burst(count, RULES)
    tell(f"ansible-rulebook {VERSION}, nothing kept", theirs.events, theirs.wall, theirs.cpu)
    rate, cpu = (ours.events / ours.wall) / (theirs.events / theirs.wall), (theirs.cpu / theirs.events) / (ours.cpu / ours.events)
    print(f"ours is {rate:.1f} times as fast by the clock, and takes {cpu:.1f} times less CPU")


if __name__ == "__main__":
    asyncio.run(main())
