"""Counts what other programs delivered; the words of results are given by those who know what they mean."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter


class Deliveries:
    """Messages, and the alerts in those that were taken."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "mendwatch_webhook_messages",
            "Messages of other programs, by what became of them.",
            ("source", "result"),
            registry=registry,
        )
        self._alerts = Counter(
            "mendwatch_webhook_alerts", "Alerts that were received, by what they told.", ("source", "result"), registry=registry
        )

    def message(self, source: str, result: str) -> None:
        """Count one message."""
        self._messages.labels(source, result).inc()

    def alerts(self, source: str, results: Mapping[str, int]) -> None:
        """Count the alerts of one message."""
        for result, many in results.items():
            self._alerts.labels(source, result).inc(many)
