"""What is asked for about an alert that fires, or what holds it back: the guards in their order, each change told once.

The guards of the remediation engine come after these; they know of runs, and nothing here does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from mendwatch.alerting import flaps, measures
from mendwatch.alerting.foreign import ForeignSubject
from mendwatch.alerting.raised import Raised
from mendwatch.alerting.silencing import Silencing
from mendwatch.alerting.steps import Collected, Withheld, decided, transitioned
from mendwatch.alerting.subjects import Subject
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.model.proposals import Proposal
from mendwatch.model.rules import Mode, Rule

INHIBITED, SILENCED, FROZEN, FLAPPING = "inhibited", "silenced", "frozen", "flapping"
UNKNOWN_TARGET, VARIABLES, OBSERVE = "unknown target", "variables", "observe"
_OBSERVED = "the rule's mode is observe: it only records what would be done"
#: What was said last about an alert.
_Said = tuple[DecisionKind, str, str]


class Asking:
    """Asks and holds back. `silencing` is replaced as silences come and go."""

    def __init__(self, raised: Raised) -> None:
        self.raised = raised
        self.silencing = Silencing()
        self._said: dict[str, _Said] = {}
        self._muted: set[str] = set()  # fingerprints of raised alerts of whose state nobody was told

    def recall(self, words: Mapping[str, Decision]) -> None:
        """Take up what was said last before a restart, so that nothing is said twice."""
        for mark, decision in words.items():
            self._said[mark] = (decision.kind, decision.word, decision.reason)
            if decision.word == SILENCED:
                self._muted.add(mark)

    def forget(self, fingerprint: str) -> None:
        """Begin anew for an alert that is over."""
        self._said.pop(fingerprint, None)
        self._muted.discard(fingerprint)

    def moved(self, transition: Transition, now: datetime, into: Collected, values: Mapping[str, float] | None = None) -> None:
        """Note a transition, and the numbers that it was made on; where a silence covers the alert, nobody is told."""
        into.transitions.append(transition)
        alert = transition.alert
        into.decisions.append(transitioned(transition, values))
        if self.silencing.find(alert, now) is not None:
            into.silenced.add(alert.fingerprint)
            self._muted |= {alert.fingerprint} if flaps.is_raised(alert) else set()

    def flapped(self, before: Alert, after: Alert, now: datetime, into: Collected) -> None:
        """Note that an alert began to flap, or is calm."""
        if (before.flapping_since is None) == (after.flapping_since is None):
            return
        began = after.flapping_since is not None
        reason = f"{len(after.changes)} changes within its window" if began else "nothing changed for a whole window"
        into.decisions.append(decided(after, now, DecisionKind.FLAPPING, ("began" if began else "calm", reason)))

    def waits(self, rule: Rule, alert: Alert, inhibitor: str, now: datetime, into: Collected) -> None:
        """Note that an alert would fire if it were not inhibited."""
        self._withhold(Withheld(rule, alert, INHIBITED, f"{inhibitor} fires"), now, into)

    def ask(self, subject: Subject, alert: Alert, now: datetime, into: Collected) -> None:
        """Ask for the remediation of a raised alert that fires and that nothing holds back; tell of one whose silence is over."""
        rule = subject.compiled.rule
        mute = self.silencing.find(alert, now)
        if mute is None and alert.fingerprint in self._muted:
            self._muted.discard(alert.fingerprint)
            into.heard.append(alert)
            self._say(alert, now, (DecisionKind.TOLD, str(alert.state), "its silence is over"), into)
        if rule.remediate is None or alert.state is not AlertState.FIRING:
            if mute is not None:
                self._muted.add(alert.fingerprint)
                self._say(alert, now, (DecisionKind.WITHHELD, SILENCED, mute.words), into)
            return
        held = next(self._held(subject, alert, now), None)
        if held is not None:
            self._muted |= {alert.fingerprint} if mute is not None else set()
            self._withhold(Withheld(rule, alert, *held), now, into)
        elif subject.records:
            self._propose(subject, alert, now, into)

    def held(self, subject: Subject, alert: Alert, now: datetime) -> str:
        """Say what holds an alert back now, or nothing."""
        return next((f"{word}: {reason}" for word, reason in self._held(subject, alert, now)), "")

    def holds(self, subject: Subject, now: datetime) -> Iterator[tuple[str, str]]:
        """Give every guard that would hold a subject's alert back now; nothing is said or remembered."""
        if subject.alert is not None:
            yield from self._held(subject, subject.alert, now)

    def _held(self, subject: Subject, alert: Alert, now: datetime) -> Iterator[tuple[str, str]]:
        """Give the guards that hold an alert back, in their order, each with its reason."""
        rule = subject.compiled.rule
        inhibitor = self.raised.inhibitor(rule, subject.labels) if rule.inhibited_by else ""
        if inhibitor:
            yield INHIBITED, f"{inhibitor} fires"
        mute = self.silencing.find(alert, now)
        if mute is not None:
            yield SILENCED, mute.words
        freezer = self.raised.freezer(rule, subject.labels)
        if freezer:
            yield FROZEN, f"{freezer} fires"
        if alert.flapping_since is not None:
            yield FLAPPING, f"it flaps since {alert.flapping_since:%Y-%m-%d %H:%M:%SZ}"
        if isinstance(subject, ForeignSubject) and not subject.known:
            yield UNKNOWN_TARGET, f"no target is called {subject.target!r}"

    def _propose(self, subject: Subject, alert: Alert, now: datetime, into: Collected) -> None:
        rule = subject.compiled.rule
        bounds = [measures.bind(subject.compiled, record) for record in subject.records]
        record = subject.records[measures.foremost(subject.compiled, subject.records, bounds)]
        values, lacking = measures.variables(subject, record)
        if lacking:
            self._withhold(Withheld(rule, alert, VARIABLES, f"no value of {', '.join(lacking)}"), now, into)
            return
        into.proposals.append(Proposal(rule, alert, values))
        mode = rule.remediate.mode if rule.remediate is not None else Mode.OBSERVE
        said = (DecisionKind.WITHHELD, OBSERVE, _OBSERVED) if mode is Mode.OBSERVE else (DecisionKind.PROPOSED, str(mode), "")
        self._say(alert, now, said, into)

    def _withhold(self, held: Withheld, now: datetime, into: Collected) -> None:
        into.withheld.append(held)
        self._say(held.alert, now, (DecisionKind.WITHHELD, held.word, held.reason), into)

    def _say(self, alert: Alert, now: datetime, said: _Said, into: Collected) -> None:
        """Put it into the journal where it is news."""
        if self._said.get(alert.fingerprint) != said:
            self._said[alert.fingerprint] = said
            into.decisions.append(decided(alert, now, said[0], said[1:]))
