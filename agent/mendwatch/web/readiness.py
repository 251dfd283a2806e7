"""Whether the agent has looked at everything once: pure."""

from __future__ import annotations

from collections.abc import Sequence

from mendwatch.polling.outcomes import TargetStatus


def reasons(targets: Sequence[TargetStatus]) -> tuple[str, ...]:
    """Give one sentence for every target that was not asked yet; none means ready.

    A target that does not answer was asked: the agent is ready, and says in its metrics that the target is down.
    """
    return tuple(f"{status.target.id} was not polled yet: {', '.join(_waiting(status))}" for status in targets if not status.polled)


def standing(targets: Sequence[TargetStatus]) -> dict[str, str]:
    """Say in a few words how each target stands, by its name."""
    return {status.target.id: _words(status) for status in targets}


def _words(status: TargetStatus) -> str:
    if status.up is None:
        return "not asked yet"
    if status.up is False:
        return f"down: {status.error}" if status.error else "down"
    failing = [f"{collector.name}: {collector.fault}" for collector in status.collectors if collector.fault]
    return f"up, but {'; '.join(failing)}" if failing else "up"


def _waiting(status: TargetStatus) -> list[str]:
    return [collector.name for collector in status.collectors if collector.last_poll is None]
