"""Keys of the network: outside, between the nodes, and of each interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.statistics.keys import (
    BYTE_RATE,
    ERROR_RATE,
    PACKET_RATE,
    About,
    ClusterKey,
    NodeKey,
    NumberedKey,
    Template,
)
from mendwatch_onefs_sim.statistics.moments import NodeMoment
from mendwatch_onefs_sim.statistics.policies import EVERY_5, ON_DEMAND

#: Per interface: name, whether it is between the nodes, its share of that traffic.
_INTERFACES = (("ext-1", False, 0.6), ("ext-2", False, 0.4), ("int-a", True, 0.5), ("int-b", True, 0.5))
_UNITS = {"bytes": BYTE_RATE, "packets": PACKET_RATE, "errors": ERROR_RATE}
_FOREVER = 65_535

Figure = Callable[[NodeMoment], float]


def _figure(what: str, rate: str) -> Figure:
    figures: dict[str, Figure] = {
        "bytes": lambda now: now.rate(rate),
        "packets": lambda now: now.packets(rate),
        "errors": lambda _: 0.0,
    }
    return figures[what]


def _lit(figure: Figure, *, internal: bool) -> Figure:
    """Give what goes over the interfaces that have a link; those of another kind carry nothing of it."""
    shares = [(name, share) for name, inside, share in _INTERFACES if inside is internal]
    return lambda now: figure(now) * sum(share for name, share in shares if name not in now.dark) if now.dark else figure(now)


_OUTSIDE: Mapping[str, Figure] = MappingProxyType(
    {way: _lit(_figure("bytes", f"net_{way}"), internal=False) for way in ("in", "out")}
)


def _totals() -> Iterator[Template]:
    for side, rate, place in (("ext", "net", "external"), ("int", "int", "internal")):
        for way in ("in", "out"):
            for what, units in _UNITS.items():
                words = f"{what.capitalize()} {way} on {place} interfaces"
                figure = _lit(_figure(what, f"{rate}_{way}"), internal=side == "int")
                yield from _total(f"net.{side}.{what}.{way}.rate", words, units, figure)


def _total(name: str, words: str, units: str, figure: Figure) -> Iterator[Template]:
    """Give the key of a node and that of the cluster, which is not sampled for the internal network."""
    policy = EVERY_5 if ".ext." in name else ON_DEMAND
    yield NodeKey(About(f"node.{name}", words, units), figure)
    yield ClusterKey(
        About(f"cluster.{name}", f"{words} of all nodes", units, policy=policy, made_of=5), lambda now: now.total(figure)
    )


def _interfaces() -> Iterator[Template]:
    for way in ("in", "out"):
        for what, units in _UNITS.items():
            about = About(f"node.net.iface.{what}.{way}.rate.N", f"{what.capitalize()} {way} on one interface", units)
            yield NumberedKey(about, _count, _part(what, way))
    facts: tuple[tuple[str, str, str, Callable[[int], int | str], int], ...] = (
        ("name", "Name of an interface", "string", lambda number: _INTERFACES[number][0], _FOREVER),
        ("internal", "1 for an interface between the nodes", "int32", lambda number: int(_INTERFACES[number][1]), _FOREVER),
    )
    for name, words, kind, value, cache in facts:
        about = About(f"node.net.iface.{name}.N", words, "none", kind, ON_DEMAND, "last", cache)
        yield NumberedKey(about, _count, _fact(value))
    link = About("node.net.iface.status.N", "1 while an interface has a link", "none", "int32", ON_DEMAND, "last", 5)
    yield NumberedKey(link, _count, lambda now, number: int(_INTERFACES[number][0] not in now.dark))


def outside(now: NodeMoment, way: str) -> float:
    """Give the bytes per second that a node's external interfaces carry one way, in or out."""
    return _OUTSIDE[way](now)


def _count(_: Node) -> int:
    return len(_INTERFACES)


def _part(what: str, way: str) -> Callable[[NodeMoment, int], float]:
    outside, inside = _figure(what, f"net_{way}"), _figure(what, f"int_{way}")

    def value(now: NodeMoment, number: int) -> float:
        name, internal, share = _INTERFACES[number]
        return 0.0 if name in now.dark else share * (inside if internal else outside)(now)

    return value


def _fact(value: Callable[[int], int | str]) -> Callable[[NodeMoment, int], int | str]:
    return lambda _, number: value(number)


NETWORK: tuple[Template, ...] = (
    *_totals(),
    *_interfaces(),
    NodeKey(
        About("node.net.iface.count", "Network interfaces", "none", "int32", ON_DEMAND, "last", _FOREVER),
        lambda _: len(_INTERFACES),
    ),
)
