"""How a request for the past is answered: a key's values at the moments at which it was sampled, one history per key and node.

Each is the value at its moment; a coarser history is not an average here, which it is on a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mendwatch_onefs_sim.answers import bad_request
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.statistics.keys import ClusterKey, StatKey, Value
from mendwatch_onefs_sim.statistics.policies import Keeping
from mendwatch_onefs_sim.statistics.requests import Stat, StatRequest, explain, refuse_errors
from mendwatch_onefs_sim.statistics.steering import CLUSTER
from mendwatch_onefs_sim.statistics.trouble import NO_HISTORY, NOT_PRESENT, Trouble

#: Seconds of the past that are given where the request names no beginning.
_USUAL_SPAN = 3600
#: More values of one key than this are not given at once.
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, in elapsed seconds, no finer than every `interval` seconds; `memory` leaves out what is on disk."""

    begin: float
    end: float
    interval: int
    memory: bool


def read_span(query: Query, now: float, epoch: int) -> Span:
    """Read from when to when: epoch seconds, or seconds before now as a negative number.

    Raises:
        PapiError: an argument is no whole number, or the end is before the beginning.
    """
    end = _moment(query, "end", now, epoch, now)
    begin = _moment(query, "begin", now, epoch, end - _USUAL_SPAN)
    if begin > end:
        raise bad_request("The end is before the beginning", "end")
    interval = query.number("interval") or query.number("resolution") or 0
    return Span(begin, min(end, now), interval, bool(query.flag("memory_only")))


def answer_history(
    request: StatRequest, span: Span, cluster: Cluster, trouble: Trouble, known: Mapping[str, StatKey]
) -> list[Stat]:
    """Give one history per key and node.

    Raises:
        PapiError: a key is unknown, has no history, or a node does not answer, and no degraded answer is accepted.
    """
    histories = [stat for name in request.keys for stat in _of_key(name, known.get(name), request, span, (cluster, trouble))]
    if not request.degraded:
        refuse_errors(histories)
    return histories


def _of_key(name: str, key: StatKey | None, request: StatRequest, span: Span, world: tuple[Cluster, Trouble]) -> Iterator[Stat]:
    cluster, trouble = world
    kept = None if key is None else _kept(key, span, cluster.elapsed)
    if key is None or kept is None:
        yield _history(name, None, 0, [], NOT_PRESENT if key is None else NO_HISTORY)
    elif isinstance(key, ClusterKey):
        yield _shown(_history(name, None, kept.interval, _values(cluster, key, kept, span, None), None), request, CLUSTER)
    else:
        for node in request.nodes:
            code = trouble.codes.get(node.devid)
            values = [] if code else _values(cluster, key, kept, span, node)
            yield _shown(_history(name, node, kept.interval, values, code), request, node.lnn)


def _kept(key: StatKey, span: Span, now: float) -> Keeping | None:
    """Choose the finest history that is no finer than asked and still has the beginning, else the one that goes back furthest."""
    fitting = [
        kept for kept in key.about.policy.histories if kept.interval >= span.interval and not (span.memory and kept.persistent)
    ]
    reaching = [kept for kept in fitting if kept.retention >= now - span.begin]
    return reaching[0] if reaching else fitting[-1] if fitting else None


def _values(cluster: Cluster, key: StatKey, kept: Keeping, span: Span, node: Node | None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for elapsed in _moments(cluster, kept, span):
        value = _value(cluster, key, elapsed, node)
        if value is not None:
            found.append({"time": cluster.epoch(elapsed, None if node is None else node.lnn), "value": value})
    return found


def _moments(cluster: Cluster, kept: Keeping, span: Span) -> Iterator[float]:
    begin = max(span.begin, cluster.elapsed - kept.retention, span.end - _MOST * kept.interval)
    at = cluster.moment(begin, kept.interval).elapsed
    while at <= span.end:
        if at >= begin:
            yield at
        at += kept.interval


def _value(cluster: Cluster, key: StatKey, elapsed: float, node: Node | None) -> Value | None:
    devid = CLUSTER if node is None else node.devid
    steered = cluster.steering.value(key.about.key, devid, elapsed)
    if steered is not None:
        return steered
    moment = cluster.moment(elapsed)
    if isinstance(key, ClusterKey):
        return key.value(moment)
    return key.value(moment.by_devid[devid]) if devid in moment.by_devid else None


def _history(name: str, node: Node | None, interval: int, values: list[dict[str, object]], code: int | None) -> Stat:
    return {
        "devid": CLUSTER if node is None else node.devid,
        "error": None if code is None else explain(name, code),
        "error_code": code,
        "key": name,
        "resolution": interval,
        "values": values,
    }


def _shown(stat: Stat, request: StatRequest, lnn: int) -> Stat:
    return {**stat, "node": lnn} if request.show_nodes else stat


def _moment(query: Query, name: str, now: float, epoch: int, usual: float) -> float:
    text = query.text(name)
    if text is None:
        return usual
    if not text.removeprefix("-").isdecimal():
        raise bad_request(f"Value '{text}' of '{name}' is not a whole number", name)
    return now + int(text) if text.startswith("-") else now + int(text) - epoch
