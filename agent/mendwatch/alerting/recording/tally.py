"""What rules did while a record was lived through: when they fired, what they asked for, what held that back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mendwatch.alerting.recording.replaying import Moment
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.proposals import Proposal

#: Asked for each proposal: the guard that would hold it back and its reason, or None where it would have become a run.
Guard = Callable[[Proposal, datetime], tuple[str, str] | None]

_Identity = tuple[str, str]


@dataclass(slots=True)
class Episode:
    """One time that a rule fired for a subject. `since` is when its condition began to hold; `until` None where it fires still.

    `peaks` has the least and the most of each value that the condition names.
    """

    rule: str
    target: str
    key: Mapping[str, str]
    since: datetime
    fired_at: datetime
    until: datetime | None = None
    reason: str = ""
    flapped: bool = False
    peaks: dict[str, tuple[float, float]] = field(default_factory=dict)

    def seconds(self, end: datetime) -> float:
        """Give how long it fired, up to the end of what was looked at."""
        return ((self.until or end) - self.fired_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Asked:
    """A remediation that would have been asked for; `guard` is what would have withheld it, empty where nothing would."""

    at: datetime
    rule: str
    target: str
    key: Mapping[str, str]
    remediation: str
    mode: str
    variables: Mapping[str, object]
    guard: str = ""
    reason: str = ""


def _nobody(_: Proposal, __: datetime) -> tuple[str, str] | None:
    return None


@dataclass(slots=True)
class Tally:
    """Takes every moment of a life, and keeps what matters. `guard` is asked about every proposal, in the order of time."""

    rules: RuleSet
    guard: Guard = _nobody
    episodes: list[Episode] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    withheld: list[Asked] = field(default_factory=list)
    samples: int = 0
    _open: dict[_Identity, Episode] = field(default_factory=dict)
    _said: dict[_Identity, tuple[str, datetime | None]] = field(default_factory=dict)
    _named: dict[str, frozenset[str]] = field(default_factory=dict)

    def take(self, moment: Moment) -> None:
        """Take what one event brought about."""
        for transition in moment.step.transitions:
            self._changed(transition)
        for alert in moment.step.alerts:
            self._seen(alert)
        for proposal in moment.step.proposals:
            self._proposed(proposal, moment.at)
        for held in moment.step.withheld:
            said = (held.word, held.alert.fired_at)
            if held.rule.remediate is not None and self._said.get(_identity(held.alert)) != said:
                self._said[_identity(held.alert)] = said
                stanza = held.rule.remediate
                self.withheld.append(
                    _asked(held.alert, moment.at, stanza.remediation, stanza.mode.value, {}, held.word, held.reason)
                )

    def _changed(self, transition: Transition) -> None:
        alert, identity = transition.alert, _identity(transition.alert)
        if alert.state is AlertState.INACTIVE:
            self._said.pop(identity, None)
            over = self._open.pop(identity, None)
            if over is not None:
                over.until, over.reason = transition.at, transition.reason
        elif alert.state is AlertState.FIRING and identity not in self._open:
            fired_at = alert.fired_at or transition.at
            began = Episode(alert.rule, alert.target, alert.key, alert.active_since or fired_at, fired_at, reason=transition.reason)
            self._open[identity] = began
            self.episodes.append(began)

    def _seen(self, alert: Alert) -> None:
        episode = self._open.get(_identity(alert))
        if episode is None:
            return
        episode.flapped = episode.flapped or alert.flapping_since is not None
        if alert.state is AlertState.FIRING:
            for name in self._names(alert.rule):
                value = alert.values.get(name)
                if value is not None:
                    least, most = episode.peaks.get(name, (value, value))
                    episode.peaks[name] = (min(least, value), max(most, value))

    def _proposed(self, proposal: Proposal, at: datetime) -> None:
        stanza = proposal.rule.remediate
        if stanza is None:
            return
        guard, reason = self.guard(proposal, at) or ("", "")
        made = _asked(proposal.alert, at, stanza.remediation, stanza.mode.value, proposal.variables, guard, reason)
        (self.withheld if guard else self.asked).append(made)

    def _names(self, rule: str) -> frozenset[str]:
        """Give the values that a rule's condition names; an alert has many more."""
        if rule not in self._named:
            compiled = self.rules.get(rule)
            self._named[rule] = frozenset() if compiled is None else compiled.when.names
        return self._named[rule]


def _asked(
    alert: Alert, at: datetime, remediation: str, mode: str, variables: Mapping[str, object], guard: str, reason: str
) -> Asked:
    return Asked(at, alert.rule, alert.target, alert.key, remediation, mode, dict(variables), guard, reason)


def _identity(alert: Alert) -> _Identity:
    return alert.rule, alert.fingerprint
