"""All that a cluster holds, as facts by name: two of them side by side show what changed, whoever did it.

It walks over the state as it is, so that an area that is added later is compared without a word here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from mendwatch_onefs_sim.cluster import Cluster

#: What only follows the clock or other state, and what is the simulator's own: by the beginning of the name.
LEFT_OUT = ("_figures", "_catalogue", "_clock", "_started", "_reactions", "steering", "incidents", "watchers", "revokers")
_PLAIN = (str, int, float, bool, bytes, Enum)


def facts_of(cluster: Cluster) -> Mapping[str, object]:
    """Give every fact at this moment; what had come due has happened."""
    cluster.settle()
    return {name: value for name, value in _walk("", cluster.__dict__) if not name.startswith(LEFT_OUT)}


def _walk(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Give the leaves below a value; an empty container is a leaf, so that it can be told from one that is not there."""
    if value is None or isinstance(value, _PLAIN):
        yield name, value
        return
    parts = list(_parts(value))
    if not parts:
        yield name, None
    for part, inner in parts:
        if not callable(inner):
            yield from _walk(f"{name}.{part}" if name else part, inner)


def _parts(value: object) -> Iterable[tuple[str, object]]:
    if isinstance(value, Mapping):
        return [(str(key), inner) for key, inner in value.items()]
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, (list, tuple)):
        return [(str(number), inner) for number, inner in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return [(str(inner), True) for inner in value]
    return list(getattr(value, "__dict__", {}).items())
