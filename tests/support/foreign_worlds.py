"""Rules over alerts that others judge, made by hand, and the messages that an Alertmanager or a Grafana would send about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mendwatch.alerting import matchers
from mendwatch.alerting.conditions import Language
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.foreign_messages import reading
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.slices import finished
from mendwatch.alerting.steps import Step
from mendwatch.alerting.subjects import fingerprint
from mendwatch.model.alerts import Alert
from mendwatch.model.received import Received
from mendwatch.model.rules import SOURCE_ALERTMANAGER, Mode, NoData, Remediate, Rule
from mendwatch.model.samples import RecordSchema
from mendwatch.render.renderer import Renderer
from mendwatch.store import receipts

START = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LABELS = ("cluster", "path", "alertname")
NEVER = "0001-01-01T00:00:00Z"

RULE = Rule(
    alert="QuotaFromElsewhere",
    group="elsewhere",
    on=SOURCE_ALERTMANAGER,
    when="true",
    clear=None,
    match=('alertname="QuotaFull"',),
    key=("cluster", "path"),
    hold=timedelta(0),
    keep_firing_for=timedelta(0),
    stale_after=None,
    no_data=NoData.KEEP,
    source=SOURCE_ALERTMANAGER,
    inhibited_by=(),
    labels={"severity": "warning"},
    annotations={"runbook": "mend {{ path }}"},
    remediate=Remediate("storage/quota_raise", {"path": "path"}, mode=Mode.APPROVE),
    digest="d" * 64,
    target_label="cluster",
)


def compiled(rule: Rule = RULE, rank: int = 0) -> CompiledRule:
    """Compile a rule as the loader does."""
    known = KnownSchema(RecordSchema(SOURCE_ALERTMANAGER, LABELS[1:], {}), "cluster", 4 * 3600.0, ())
    language = Language((), LABELS)
    variables = rule.remediate.variables if rule.remediate else {}
    return CompiledRule(
        rule=rule,
        known=known,
        language=language,
        matchers=tuple(matchers.parse(text) for text in rule.match),
        when=language.condition("true"),
        clear=None,
        verify=None,
        variables={name: language.expression(text) for name, text in variables.items()},
        rank=rank,
    )


def rule_set(*rules: Rule) -> RuleSet:
    """Give a set of hand-made rules."""
    return RuleSet(compiled(rule, rank) for rank, rule in enumerate(rules or (RULE,)))


def an_alert(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Give one alert as Alertmanager writes it; a label is changed by its name, everything else by its key."""
    labels = {"alertname": "QuotaFull", "cluster": "lab", "path": "/ifs/a", "severity": "critical"}
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": "a quota is full"},
        "startsAt": "2030-01-01T11:59:30.123456789Z",
        "endsAt": NEVER,
        "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
        "fingerprint": "c0ffee",
    }
    own = {name: value for name, value in changes.items() if name in LABELS}
    if own and "fingerprint" not in changes:
        alert["fingerprint"] = fingerprint("", {**labels, **own})[:16]
    rest = {name: value for name, value in changes.items() if name not in LABELS}
    return {**alert, "labels": {**labels, **own}, **rest}


def a_message(alerts: Sequence[Mapping[str, Any]], **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Give a message as Alertmanager writes it."""
    return {
        "receiver": "mendwatch",
        "status": "firing",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "QuotaFull"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "version": "4",
        "groupKey": '{}:{alertname="QuotaFull"}',
        "truncatedAlerts": 0,
        **changes,
    }


def resolved(alert: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Give the same alert as resolved."""
    return {**alert, "status": "resolved", "endsAt": at.isoformat()}


def read(alerts: Iterable[Mapping[str, Any]], now: datetime) -> tuple[Received, ...]:
    """Read what a message with these alerts says."""
    return finished(reading(json.dumps(a_message(list(alerts))).encode(), "alertmanager", now)).alerts


class ForeignWorld:
    """An engine and the words that it was told; a restart keeps the alerts and the words, as the store does."""

    def __init__(self, *rules: Rule, targets: Sequence[str] | None = ("lab",)) -> None:
        self.rules, self.targets = rule_set(*rules), targets
        self.engine = self._engine()
        self.register = receipts.Register({})
        self.now = START
        self.said: list[str] = []

    def tell(self, *alerts: Mapping[str, Any], after: timedelta = timedelta(0)) -> Step:
        """Let time pass, then deliver a message."""
        self.now += after
        words = read(alerts, self.now)
        taking = receipts.Register({word.mark: self.register.rows.get(word.mark, ()) for word in words})
        taking.rows = {mark: rows for mark, rows in taking.rows.items() if rows}
        taking.take(words)
        self.register.rows.update(taking.rows)
        return self._told(finished(self.engine.receiving(taking.receipt().standing, self.now)))

    def wait(self, after: timedelta) -> Step:
        """Let time pass, then look at the clocks."""
        self.now += after
        return self._told(self.engine.tick(self.now))

    def restart(self) -> Step:
        """Begin anew with what was kept."""
        alerts = self.engine.alerts()
        self.engine = self._engine()
        assert self.engine.restore(alerts) == ()
        words = [receipts.standing(rows) for rows in self.register.rows.values()]
        return self._told(finished(self.engine.receiving(words, self.now)))

    def alert(self, rule: str = RULE.alert) -> Alert:
        """Give the only alert of a rule."""
        (found,) = [one for one in self.engine.alerts() if one.rule == rule]
        return found

    def _engine(self) -> AlertEngine:
        engine = AlertEngine(self.rules, Renderer(Path()))
        if self.targets is not None:
            engine.know(self.targets)
        return engine

    def _told(self, step: Step) -> Step:
        self.said += [f"{change.before}->{change.alert.state}" for change in step.transitions]
        return step


def mark_of(rule: Rule = RULE, **key: str) -> str:
    """Give the fingerprint of a subject of a rule."""
    return fingerprint(rule.alert, {"cluster": "lab", "path": "/ifs/a", **key})


def changed(**fields: Any) -> Rule:  # noqa: ANN401 - any field of Rule
    """Give the rule with other fields."""
    return replace(RULE, **fields)
