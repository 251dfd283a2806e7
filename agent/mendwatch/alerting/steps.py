"""What the engine hands out after each piece of work: what to keep, what to tell, what to ask for, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mendwatch.model.alerts import Alert, Transition
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.model.proposals import Proposal
from mendwatch.model.rules import Rule


@dataclass(frozen=True, slots=True)
class Withheld:
    """A remediation that a rule would ask for and does not.

    `word` is the guard: `inhibited`, `silenced`, `frozen`, `flapping` or `variables`; of several the first in this order.
    """

    rule: Rule
    alert: Alert
    word: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one observation or one tick changed.

    `alerts` are those to save, inactive ones among them: clocks move also where no state does, and a clock that is not
    saved starts again after a restart. `decisions` belong into the journal, with the alerts. People are told of `transitions`,
    except of those whose alert's fingerprint is in `silenced`; and of the alerts in `heard`, whose silence is over.
    """

    transitions: tuple[Transition, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    alerts: tuple[Alert, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    decisions: tuple[Decision, ...] = ()
    silenced: frozenset[str] = frozenset()
    heard: tuple[Alert, ...] = ()


@dataclass(slots=True)
class Collected:
    """A step while it is put together."""

    transitions: list[Transition] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    silenced: set[str] = field(default_factory=set)
    heard: list[Alert] = field(default_factory=list)

    def step(self) -> Step:
        """Give all of it."""
        return Step(
            tuple(self.transitions),
            tuple(self.proposals),
            tuple(self.alerts),
            tuple(self.withheld),
            tuple(self.decisions),
            frozenset(self.silenced),
            tuple(self.heard),
        )


def decided(alert: Alert, now: datetime, kind: DecisionKind, words: tuple[str, str]) -> Decision:
    """Give a row of the journal about an alert; `words` are the word and the reason."""
    return Decision(now, alert.rule, alert.fingerprint, alert.target, kind, *words, "", alert.key, alert.values)


def transitioned(one: Transition, values: Mapping[str, float] | None = None) -> Decision:
    """Give the row of the journal about a transition; `values` are the numbers it was made on, where not the alert's own."""
    alert, made_on = one.alert, one.alert.values if values is None else values
    words = (DecisionKind.TRANSITION, str(alert.state), one.reason, str(one.before))
    return Decision(one.at, alert.rule, alert.fingerprint, alert.target, *words, alert.key, made_on)
