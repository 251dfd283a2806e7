"""What becomes of each alert when other rules are loaded. Pure.

A rule that did not change keeps everything to the second. One that changed keeps its alerts where they are still about the same
subjects; but a time of waiting counts for the old condition, and begins anew. What no rule is about any more ends, and says why.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mendwatch.alerting import departures
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.rules import Rule

RULE_GONE = "its rule is not loaded any more"
OTHER_RECORDS = "its rule was changed, and is about other records now"
OTHER_KEY = "its rule was changed, and has another key now"
NO_MATCH = "its rule was changed, and does not concern it any more"


def following(alert: Alert, before: RuleSet, after: RuleSet, now: datetime) -> Alert | Transition:
    """Give the alert as it goes on under the new rules, or its end."""
    old, new = before.get(alert.rule), after.get(alert.rule)
    if new is None:
        return departures.ended(alert, now, RULE_GONE)
    if old is None or old.rule.digest == new.rule.digest:
        return alert
    reason = _why_it_ends(alert, old.rule, new)
    if reason:
        return departures.ended(alert, now, reason)
    waits = alert.state is AlertState.PENDING and _condition(old.rule) != _condition(new.rule)
    return replace(alert, active_since=None) if waits else alert


def changed_modes(before: RuleSet, after: RuleSet) -> tuple[tuple[str, str, str], ...]:
    """Give each rule whose remediation may go further or less far than before, with both modes; `none` is without remediation."""
    names = dict.fromkeys(rule.alert for rule in (*before.rules, *after.rules))
    modes = ((name, _mode(before.get(name)), _mode(after.get(name))) for name in names)
    return tuple((name, old, new) for name, old, new in modes if old != new)


def _why_it_ends(alert: Alert, old: Rule, new: CompiledRule) -> str:
    if (old.on, old.source) != (new.rule.on, new.rule.source):
        return OTHER_RECORDS
    if set(alert.key) != set(new.rule.key):
        return OTHER_KEY
    return "" if all(matcher.matches(alert.labels) for matcher in new.matchers) else NO_MATCH


def _condition(rule: Rule) -> tuple[object, ...]:
    """Give what `for` counts for."""
    return rule.when, rule.match, rule.hold, rule.joins


def _mode(compiled: CompiledRule | None) -> str:
    remediate = compiled.rule.remediate if compiled is not None else None
    return str(remediate.mode) if remediate is not None else "none"
