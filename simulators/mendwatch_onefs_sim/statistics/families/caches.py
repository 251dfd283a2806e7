"""Keys of the caches of /ifs, and of its heat: which files are touched most."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mendwatch_onefs_sim.statistics.keys import BYTE_RATE, OPERATION_RATE, SECONDS, About, NodeKey, Template, Value
from mendwatch_onefs_sim.statistics.moments import NodeMoment
from mendwatch_onefs_sim.statistics.policies import CACHE_CLIENTS, EVERY_5, HEAT, ON_DEMAND
from mendwatch_onefs_sim.summaries.state import SHARES

#: Shares of what clients read: how much of it each level is asked for and has.
_LEVELS = {"l1": 1.0, "l2": 0.45, "l3": 0.2}
_CONTENTS = {"data": 0.9, "meta": 0.1}
_EVENTS = {
    "read.start": 1.0, "read.hit": 0.62, "read.miss": 0.3, "read.wait": 0.08, "prefetch.start": 0.5, "prefetch.hit": 0.44,
}  # fmt: skip

_HEAT = {
    "blocked": 2.0, "contended": 6.0, "deadlocked": 0.0, "getattr": 900.0, "link": 1.0, "lock": 190.0, "lookup": 760.0,
    "read": 870.0, "rename": 3.0, "setattr": 14.0, "unlink": 5.0, "write": 410.0,
}  # fmt: skip
_PATHS = ("SYSTEM (0x0)", "/ifs/", "/ifs/data/projects/apollo", "/ifs/data/projects/gemini", "/ifs/home")

_OPAQUE = (
    ("node.dfm.cache.stats", "stats_dfm_cache"),
    ("node.ifm.cache.stats", "stats_ifm_cache"),
    ("node.ifs.cache.stats", "stats_ifs_cache"),
    ("node.mds.cache.stats", "stats_mds_cache"),
    ("node.stf.cache.stats", "stats_stf_cache"),
)


def _rates() -> Iterator[NodeKey]:
    for level in _LEVELS:
        for content in _CONTENTS:
            for event in _EVENTS:
                about = About(f"node.ifs.cache.{level}.{content}.{event}", f"Cache {level}, {content}: {event}", BYTE_RATE)
                yield NodeKey(about, _rate(level, content, event))
    for level in ("l1", "l2"):
        about = About(f"node.ifs.cache.{level}.prefetch.miss", f"Cache {level}: prefetched and not used", BYTE_RATE)
        yield NodeKey(about, _missed(level))


def _rate(level: str, content: str, event: str) -> Callable[[NodeMoment], float]:
    share = _LEVELS[level] * _CONTENTS[content] * _EVENTS[event]
    return lambda now: share * now.rate("ifs_out")


def _missed(level: str) -> Callable[[NodeMoment], float]:
    return lambda now: 0.06 * _LEVELS[level] * now.rate("ifs_out")


def _all(now: NodeMoment) -> Value:
    return {
        f"{level}_{content}_{event.replace('.', '_')}": _rate(level, content, event)(now)
        for level in _LEVELS
        for content in _CONTENTS
        for event in _EVENTS
    }


def _heat() -> Iterator[NodeKey]:
    for name, usual in _HEAT.items():
        total = About(f"node.ifs.heat.{name}.total", f"Heat, all paths: {name}", OPERATION_RATE, policy=HEAT)
        yield NodeKey(total, _total(name, usual))
        about = About(f"node.ifs.heat.{name}", f"Heat, the hottest paths: {name}", "none", "stats_heat_list", HEAT, "custom", 10)
        yield NodeKey(about, _paths(name, usual))


def events(now: NodeMoment, name: str) -> float:
    """Give how often per second a kind of event happens to the files of a node, guests' not counted."""
    return 2 * _HEAT[name] * now.activity


def _total(name: str, usual: float) -> Callable[[NodeMoment], float]:
    return lambda now: 2 * usual * now.activity + sum(rate for _, rate in visited(now, name))


def visited(now: NodeMoment, name: str) -> list[tuple[str, float]]:
    """Give the files that guests touch with an operation, and how often per second."""
    share = SHARES.get(name, 0.0)
    return [(guest.path, share * now.visits(guest)) for guest in now.guests if guest.path and share]


def _paths(name: str, usual: float) -> Callable[[NodeMoment], Value]:
    def value(now: NodeMoment) -> Value:
        rate = 2 * usual * now.activity
        hot: list[dict[str, object]] = [{"op_rate": touched, "path": path} for path, touched in visited(now, name)]
        return hot + [{"op_rate": rate / 2**place, "path": path} for place, path in enumerate(_PATHS, start=1) if rate]

    return value


def _counts(now: NodeMoment) -> Value:
    return {"hits": 520 * now.uptime, "misses": 41 * now.uptime}


def _clients(now: NodeMoment) -> Value:
    return {"active": now.clients("cache", 40)}


CACHES: tuple[Template, ...] = (
    *_rates(),
    *_heat(),
    *(NodeKey(About(key, "Hits and misses", "none", kind, ON_DEMAND, "custom", 1), _counts) for key, kind in _OPAQUE),
    NodeKey(About("node.ifs.cache", "All levels of the cache", "none", "stats_cache_data", EVERY_5, "custom", 10), _all),
    NodeKey(
        About("node.ifs.cache.clients", "Who uses the cache", "none", "user_cache_clients", CACHE_CLIENTS, "custom", 5), _clients
    ),
    NodeKey(
        About("node.ifs.cache.oldest_page_age", "Age of the oldest page in the cache", SECONDS, "int32"),
        lambda now: round(now.around("page", 5400)),
    ),
)
