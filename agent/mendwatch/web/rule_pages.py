"""Rules and alerts in the shape of Prometheus' HTTP API, so that programs made for it can show ours. Pure.

Prometheus knows three states. What fires and is kept for a while is firing to it, and so is what fired and has no data; our own
word stands beside, in `mendwatchState`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mendwatch.alerting import flaps
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.model.alerts import Alert, AlertState

_RANK = {"inactive": 0, "pending": 1, "firing": 2}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the rules is asked for: nothing where a field is empty means all."""

    names: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    alerts: bool = True

    def means(self, item: CompiledRule) -> bool:
        """Tell whether a rule is among them."""
        rule = item.rule
        named = not self.names or rule.alert in self.names
        return named and (not self.groups or rule.group in self.groups) and (not self.files or rule.path in self.files)


@dataclass(slots=True)
class Filed:
    """Alerts by their rule, made from slices of them."""

    by_rule: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def add(self, alerts: Iterable[Alert], rules: RuleSet) -> None:
        """Take up some alerts."""
        for alert in alerts:
            item = rules.get(alert.rule)
            if item is not None and alert.state is not AlertState.INACTIVE:
                self.by_rule.setdefault(alert.rule, []).append(alert_page(alert, item))
                state = state_of(alert)
                if _RANK[state] > _RANK[self.states.get(alert.rule, "inactive")]:
                    self.states[alert.rule] = state


def rules_page(rules: RuleSet, filed: Filed, wanted: Wanted) -> dict[str, object]:
    """Give what `/api/v1/rules` answers: the groups with their rules."""
    groups: dict[tuple[str, str], list[dict[str, object]]] = {}
    for item in rules.compiled:
        if wanted.means(item):
            groups.setdefault((item.rule.group, item.rule.path), []).append(_rule(item, filed, wanted))
    return {
        "groups": [
            {"name": name, "file": path, "interval": 0, "limit": 0, "rules": listed, "evaluationTime": 0, "lastEvaluation": _NEVER}
            for (name, path), listed in groups.items()
        ]
    }


def alert_page(alert: Alert, item: CompiledRule) -> dict[str, object]:
    """Give one alert."""
    return {
        "labels": {"alertname": alert.rule, **alert.labels},
        "annotations": dict(alert.annotations),
        "state": state_of(alert),
        "activeAt": (alert.active_since or alert.fired_at or alert.last_seen).isoformat(),
        "value": _value(alert.values, sorted(item.when.names)),
        "mendwatchState": str(alert.state),
        "fingerprint": alert.fingerprint,
    }


def state_of(alert: Alert) -> str:
    """Give the state as Prometheus knows it."""
    return "firing" if flaps.is_raised(alert) else "inactive" if alert.state is AlertState.INACTIVE else "pending"


#: Rules are evaluated as data arrive, not at intervals.
_NEVER = "0001-01-01T00:00:00Z"


def _rule(item: CompiledRule, filed: Filed, wanted: Wanted) -> dict[str, object]:
    rule = item.rule
    alerts = filed.by_rule.get(rule.alert, []) if wanted.alerts else []
    return {
        "state": filed.states.get(rule.alert, "inactive"),
        "name": rule.alert,
        "query": rule.when,
        "duration": rule.hold.total_seconds(),
        "keepFiringFor": rule.keep_firing_for.total_seconds(),
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
        "alerts": alerts,
        "health": "ok",
        "evaluationTime": 0,
        "lastEvaluation": _NEVER,
        "type": "alerting",
        "on": rule.on,
        "match": list(rule.match),
        "remediation": rule.remediate.remediation if rule.remediate else None,
        "mode": rule.remediate.mode if rule.remediate else None,
    }


def _value(values: Mapping[str, float], names: Sequence[str]) -> str:
    """Give the first number that the condition names, as Prometheus writes numbers."""
    return next((f"{values[name]:.6e}" for name in names if name in values), "1e+00")
