"""Writes rules as a Prometheus rule file, so that the same thresholds can page without the agent; and tells what they lose there.

Nothing of a remediation goes with them. Pure: from a RuleSet to text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import yaml

from mendwatch.alerting import prometheus_texts, promql
from mendwatch.alerting.derived import Derived
from mendwatch.alerting.promql import Scope, Unsayable
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.alerting.schemas import Schemas
from mendwatch.config.documents import Fault
from mendwatch.config.durations import format_duration
from mendwatch.model.rules import Rule

_HEAD = """\
# Written by `mendwatch rules --as-prometheus`; write it anew rather than change it.
# Prometheus has no state for missing data: without data it resolves an alert, where the rule would keep it.
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A rule file, how many rules it has, and what of the others, or beside them, it does not say."""

    text: str
    rules: int
    remarks: tuple[Fault, ...]


def write(rules: RuleSet, schemas: Schemas) -> Written:
    """Write every rule that Prometheus can evaluate; groups and order are those of the rules."""
    groups: dict[str, list[dict[str, Any]]] = {}
    remarks: list[Fault] = []
    for item in sorted(rules.compiled, key=lambda item: (item.rule.path, item.rule.line)):
        try:
            made = _rule(item, schemas)
        except Unsayable as problem:
            remarks.append(Fault(_where(item.rule), f"{item.rule.alert} is left out: {problem}"))
            continue
        groups.setdefault(item.rule.group, []).append(made)
        remarks += [Fault(_where(item.rule), f"{item.rule.alert}: {words}") for words in _losses(item.rule, made)]
    listed = [{"name": name, "rules": found} for name, found in groups.items()]
    text = yaml.safe_dump({"groups": listed}, sort_keys=False, allow_unicode=True, width=120)
    return Written(_HEAD + text, sum(len(found) for found in groups.values()), tuple(remarks))


def _rule(item: CompiledRule, schemas: Schemas) -> dict[str, Any]:
    rule, known = item.rule, schemas.get(item.rule.on)
    if known is None:
        raise Unsayable("its alerts come from an Alertmanager")
    scope = Scope(known, rule.match, _derived(item), {join.name: (schemas[join.on], join.equal) for join in rule.joins})
    made: dict[str, Any] = {"alert": rule.alert, "expr": promql.condition(item.when.tree, scope) + _inhibitors(rule)}
    if rule.hold:
        made["for"] = format_duration(rule.hold)
    if rule.keep_firing_for:
        made["keep_firing_for"] = format_duration(rule.keep_firing_for)
    if rule.labels:
        made["labels"] = {name: prometheus_texts.plain(text) for name, text in rule.labels.items()}
    texts = {name: text for name, source in rule.annotations.items() if (text := prometheus_texts.text(source, item, scope))}
    return made | ({"annotations": texts} if texts else {})


def _derived(item: CompiledRule) -> Mapping[str, Derived]:
    """Give what the names in the tree stand for that no record has."""
    by_text = {one.text: one for one in item.when.derived}
    return {name: by_text[text] for name, text in item.when.inputs.items()}


def _inhibitors(rule: Rule) -> str:
    parts = []
    for inhibition in rule.inhibited_by:
        raised = f'ALERTS{{alertname={promql.quoted(inhibition.alert)},alertstate="firing"}}'
        parts.append(f" unless on ({', '.join(inhibition.equal)}) {raised}")
    return "".join(parts)


def _losses(rule: Rule, made: Mapping[str, Any]) -> Iterator[str]:
    if rule.clear is not None:
        yield "`clear` has no counterpart; Prometheus ends it as soon as `when` does not hold"
    if rule.freezes is not None:
        yield "`freezes` has no counterpart"
    lost = [name for name in rule.annotations if name not in made.get("annotations", {})]
    if lost:
        yield f"the annotations {', '.join(lost)} cannot be said in Prometheus' template language"
    if rule.stale_after is not None and rule.stale_after > timedelta(minutes=5):
        yield "Prometheus forgets a value after 5m, this rule later"


def _where(rule: Rule) -> str:
    return f"{rule.path}:{rule.line}:1"
