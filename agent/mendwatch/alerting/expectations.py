"""What a rule's test expects at one moment, held against what the engine says; differences in words. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from mendwatch.alerting import flaps
from mendwatch.alerting.rule_test_format import AlertTest, ExpectedAlert, ExpectedRun, RuleTestText
from mendwatch.alerting.steps import Withheld
from mendwatch.config.durations import format_duration
from mendwatch.model.alerts import Alert
from mendwatch.model.proposals import Proposal
from mendwatch.model.rules import Mode

_PRECISION = 1e-9
#: What Prometheus calls firing: also what is over and kept firing for a while.
_UP = frozenset({"firing", "resolving"})


@dataclass(frozen=True, slots=True)
class Moment:
    """What the engine says at one time."""

    alerts: tuple[Alert, ...]
    proposals: tuple[Proposal, ...]
    withheld: tuple[Withheld, ...]


def compare(test: RuleTestText, time: timedelta, moment: Moment) -> Iterator[str]:
    """Give one text for each expectation of this time that is not met."""
    for item in test.alert_rule_test:
        if item.eval_time == time:
            yield from _alerts(item, moment)
    for name in dict.fromkeys(item.alertname for item in test.exp_runs if item.eval_time == time):
        wanted = [item for item in test.exp_runs if item.eval_time == time and item.alertname == name]
        yield from _runs(name, time, wanted, moment)
    for name in dict.fromkeys(item.alertname for item in test.exp_blocked if item.eval_time == time):
        reasons = sorted(item.reason for item in test.exp_blocked if item.eval_time == time and item.alertname == name)
        came = sorted(_blocked(name, moment))
        if reasons != came:
            yield _difference(f"{name} at {format_duration(time)}: blocked", reasons, came)


def _alerts(item: AlertTest, moment: Moment) -> Iterator[str]:
    came = [alert for alert in moment.alerts if alert.rule == item.alertname and flaps.is_raised(alert)]
    rest = list(item.exp_alerts)
    surplus = []
    for alert in came:
        meant = next((wanted for wanted in rest if _is(wanted, alert)), None)
        if meant is None:
            surplus.append(alert)
        else:
            rest.remove(meant)
    if rest or surplus:
        wanted_lines = [_line(x.exp_state or "firing", x.exp_labels, x.exp_annotations) for x in item.exp_alerts]
        came_lines = [_line(alert.state.value, alert.labels, alert.annotations) for alert in came]
        yield _difference(f"{item.alertname} at {format_duration(item.eval_time)}: alerts", wanted_lines, came_lines)


def _is(wanted: ExpectedAlert, alert: Alert) -> bool:
    texts = wanted.exp_annotations is None or dict(wanted.exp_annotations) == dict(alert.annotations)
    state = alert.state.value in (_UP if wanted.exp_state is None else {wanted.exp_state})
    return texts and state and dict(wanted.exp_labels) == dict(alert.labels)


def _runs(name: str, time: timedelta, wanted: list[ExpectedRun], moment: Moment) -> Iterator[str]:
    came = [item for item in moment.proposals if item.rule.alert == name and _mode(item) is not Mode.OBSERVE]
    rest = [item for item in wanted if item.remediation is not None]
    surplus = []
    for proposal in came:
        meant = next((item for item in rest if _asks(item, proposal)), None)
        if meant is None:
            surplus.append(proposal)
        else:
            rest.remove(meant)
    if rest or surplus:
        asked = [_line(x.mode or "any", x.variables or {}, None, x.remediation or "") for x in wanted if x.remediation]
        got = [_line(_mode(x) or "", x.variables, None, x.rule.remediate.remediation if x.rule.remediate else "") for x in came]
        yield _difference(f"{name} at {format_duration(time)}: runs", asked, got)


def _asks(wanted: ExpectedRun, proposal: Proposal) -> bool:
    remediate = proposal.rule.remediate
    if remediate is None or remediate.remediation != wanted.remediation:
        return False
    return wanted.mode in {None, remediate.mode} and (wanted.variables is None or _same(wanted.variables, proposal.variables))


def _same(wanted: Mapping[str, object], came: Mapping[str, object]) -> bool:
    return wanted.keys() == came.keys() and all(_equal(wanted[name], came[name]) for name in wanted)


def _equal(wanted: object, came: object) -> bool:
    if isinstance(wanted, float) and isinstance(came, (int, float)):
        return math.isclose(wanted, came, rel_tol=_PRECISION)
    return type(wanted) is type(came) and wanted == came


def _blocked(name: str, moment: Moment) -> Iterator[str]:
    yield from (item.word for item in moment.withheld if item.rule.alert == name)
    yield from ("observe" for item in moment.proposals if item.rule.alert == name and _mode(item) is Mode.OBSERVE)


def _mode(proposal: Proposal) -> Mode | None:
    return proposal.rule.remediate.mode if proposal.rule.remediate is not None else None


def _line(word: str, first: Mapping[str, object], second: Mapping[str, object] | None, name: str = "") -> str:
    parts = [*([name] if name else []), word, json.dumps(dict(first), sort_keys=True, ensure_ascii=False)]
    if second is not None:
        parts.append(json.dumps(dict(second), sort_keys=True, ensure_ascii=False))
    return " ".join(parts)


def _difference(title: str, wanted: Iterable[str], came: Iterable[str]) -> str:
    lines = [title]
    lines += [f"  - expected {line}" for line in wanted] or ["  - expected none"]
    lines += [f"  + came     {line}" for line in came] or ["  + came     none"]
    return "\n".join(lines)
