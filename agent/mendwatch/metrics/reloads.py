"""What the agent tells about its rules: how many are loaded, and how the last time went that they were to be loaded anew."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge


class ReloadMetrics:
    """Registers its metrics in the agent's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        went, when = (
            "Whether the rules could be loaded when it was last tried.",
            "When it was last tried to load rules, in Unix time.",
        )
        self._successful = Gauge("mendwatch_rules_last_reload_successful", went, registry=registry)
        self._timestamp = Gauge("mendwatch_rules_last_reload_timestamp_seconds", when, registry=registry)
        self._loaded = Gauge("mendwatch_rules_loaded", "Rules that are loaded.", registry=registry)

    def loaded(self, rules: int, at: datetime) -> None:
        """Tell how many rules are loaded now."""
        self._loaded.set(rules)
        self._tried(at, successful=1)

    def refused(self, at: datetime) -> None:
        """Tell that the rules had faults, and those of before go on."""
        self._tried(at, successful=0)

    def _tried(self, at: datetime, *, successful: int) -> None:
        self._successful.set(successful)
        self._timestamp.set(at.timestamp())
