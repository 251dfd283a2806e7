"""From what the engine and the explainer say of rules to the shapes of the MCP tools. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from mendwatch.alerting.explaining.nouns import Asked, Explanation, SubjectAnswer, Value
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.config.durations import format_duration
from mendwatch.mcp_server.rule_shapes import (
    PartShape,
    RuleDecisionShape,
    RuleExplanation,
    RuleList,
    RuleShape,
    RuleSubjectShape,
)
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.journal import Decision
from mendwatch.remediation.guards import GuardVerdict
from mendwatch.service.explanations import Told

#: Of each kind, so many are told to a model.
MOST_PARTS, MOST_DECISIONS = 20, 20
#: The worst first.
_ORDER = (AlertState.FIRING, AlertState.RESOLVING, AlertState.NO_DATA, AlertState.PENDING, AlertState.INACTIVE)


def rule_list(rules: Sequence[CompiledRule], alerts: Iterable[Alert], *, firing: bool, limit: int) -> RuleList:
    """Give the rules, the worst first."""
    states: dict[str, Counter[str]] = {}
    for alert in alerts:
        states.setdefault(alert.rule, Counter())[str(alert.state)] += 1
    shapes = [_rule(item, states.get(item.rule.alert, Counter())) for item in rules]
    wanted = [shape for shape in shapes if not firing or shape.state != AlertState.INACTIVE]
    wanted.sort(key=lambda shape: (_ORDER.index(AlertState(shape.state)), shape.name))
    shown = tuple(wanted[:limit])
    return RuleList(rules=shown, shown=len(shown), total=len(wanted), truncated=len(wanted) > limit)


def explanation(told: Told) -> RuleExplanation:
    """Give an explanation."""
    found: Explanation = told.explanation
    rule = found.rule
    return RuleExplanation(
        rule=rule.alert,
        on=rule.on,
        match=rule.match,
        when=rule.when,
        clear=rule.clear,
        waits=format_duration(timedelta(seconds=rule.hold)),
        remediation=rule.remediation,
        mode=rule.mode,
        known=found.known,
        matching=found.matching,
        states=dict(found.states),
        why=found.why,
        subjects=tuple(_subject(one, told.guards) for one in found.subjects),
        decisions=tuple(map(_decision, told.decisions[:MOST_DECISIONS])),
        truncated=len(told.decisions) > MOST_DECISIONS,
    )


def _rule(item: CompiledRule, states: Counter[str]) -> RuleShape:
    rule = item.rule
    return RuleShape(
        name=rule.alert,
        group=rule.group,
        on=rule.on,
        state=next((str(state) for state in _ORDER if states[str(state)]), str(AlertState.INACTIVE)),
        when=rule.when,
        states=dict(states),
        remediation=rule.remediate.remediation if rule.remediate else None,
        mode=rule.remediate.mode if rule.remediate else None,
    )


def _subject(one: SubjectAnswer, guards: Mapping[str, Sequence[GuardVerdict]]) -> RuleSubjectShape:
    asked = next((asked for record in one.records for asked in record.conditions if asked.what == "when"), None)
    blocking = [verdict for verdict in guards.get(one.fingerprint, ()) if verdict.blocks]
    return RuleSubjectShape(
        subject=dict(one.key or one.labels),
        state=one.state,
        words=one.words,
        refused_by=tuple(matcher.text for matcher in one.matchers if not matcher.matches),
        parts=_parts(asked),
        derived={d.text: f"{_value(d.value)}, of {d.inputs}" for record in one.records[:1] for d in record.derived},
        clocks=tuple(f"{clock.name}: {clock.words}" for clock in one.clocks),
        held_back=(
            *(f"{hold.guard}: {hold.reason}" for hold in one.holds),
            *(f"{verdict.guard}: {verdict.reason}" for verdict in blocking),
        ),
    )


def _parts(asked: Asked | None) -> tuple[PartShape, ...]:
    parts = asked.parts[:MOST_PARTS] if asked is not None else ()
    return tuple(PartShape(text=part.text, value=_value(part.value), depth=part.depth) for part in parts)


def _value(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else f"{value:.10g}"


def _decision(one: Decision) -> RuleDecisionShape:
    return RuleDecisionShape(at=one.at, kind=str(one.kind), word=one.word, reason=one.reason, subject=dict(one.key))
