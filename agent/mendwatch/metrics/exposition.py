"""The page that Prometheus reads: the targets' series, then the agent's own."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from mendwatch.metrics.agent import AgentMetrics
from mendwatch.metrics.families import Families
from mendwatch.metrics.formats import Format


def pieces(families: Families, agent_metrics: AgentMetrics, now: float, form: Format) -> Generator[bytes, None, None]:
    """Write the whole page at one moment of the monotonic clock that the samples were published by, piece by piece.

    Each piece takes some milliseconds at most; others may run, and publish, in between. The two halves cannot share a name:
    a target's metric that begins with `mendwatch_` or `process_` is never declared.
    """
    targets = families.pieces(now, form)
    return _joined(targets, agent_metrics.pieces(form), form.end)


def render(families: Families, agent_metrics: AgentMetrics, now: float, form: Format = Format.TEXT) -> bytes:
    """Write the whole page at once."""
    return b"".join(pieces(families, agent_metrics, now, form))


def of_target(families: Families, target: str, now: float, form: Format) -> Generator[bytes, None, None]:
    """Write one target's series alone, a page of its own."""
    return _joined(families.pieces(now, form, target=target), iter(()), form.end)


def _joined(targets: Iterator[bytes], own: Iterator[bytes], end: bytes) -> Generator[bytes, None, None]:
    yield from targets
    yield from own
    if end:
        yield end
