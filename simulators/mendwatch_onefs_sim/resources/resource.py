"""One resource: its method, the pattern of its path, its first version, the privilege it needs, and its handler."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster

Handler = Callable[[Cluster, Call], Answer]


@dataclass(frozen=True, slots=True)
class Resource:
    """A handler and where it is found; `{}` in the pattern stands for one part of the path, which the call gets."""

    method: str
    pattern: str
    handler: Handler
    since: int = 1
    privilege: str | None = None

    def match(self, path: str) -> tuple[str, ...] | None:
        """Give the variable parts of a path (still percent-encoded), or None if it is another resource's."""
        expression = "([^/]+)".join(re.escape(part) for part in self.pattern.split("{}"))
        found = re.fullmatch(expression, path)
        return None if found is None else found.groups()

    @property
    def kind(self) -> str:
        """What the privilege must allow: read or write."""
        return "read" if self.method == "GET" else "write"
