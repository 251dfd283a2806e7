"""Damage for answers: any value inside replaced or left out, by hypothesis' choice."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

UNKNOWN = st.sampled_from([None, "", "n/a", "unknown", [], {}, "\u0000"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    """Give the way to every value inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*path, name)
        yield from places(inner, (*path, name))


def mutated(original: Any, data: st.DataObject, replacement: st.SearchStrategy[Any]) -> bytes:  # noqa: ANN401 - JSON
    """Give the answer with one value replaced, or left out of its object."""
    answer = copy.deepcopy(original)
    path = data.draw(st.sampled_from(list(places(answer))))
    parent: Any = answer
    for part in path[:-1]:
        parent = parent[part]
    if isinstance(parent, dict) and data.draw(st.booleans()):
        del parent[path[-1]]
    else:
        parent[path[-1]] = data.draw(replacement)
    return json.dumps(answer).encode()
