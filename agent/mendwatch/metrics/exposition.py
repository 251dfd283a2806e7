"""The page that Prometheus reads: the targets' series, then the agent's own."""

from __future__ import annotations

from mendwatch.metrics.agent import AgentMetrics
from mendwatch.metrics.families import Families
from mendwatch.metrics.text import CONTENT_TYPE

#: The headers that go with the page.
HEADERS = {"Content-Type": CONTENT_TYPE}


def render(families: Families, agent_metrics: AgentMetrics, now: float) -> bytes:
    """Write the whole page at one moment of the monotonic clock that the samples were published by.

    The two halves cannot share a name: a target's metric that begins with `mendwatch_` or `process_` is never declared.
    """
    return families.render(now) + agent_metrics.render()
