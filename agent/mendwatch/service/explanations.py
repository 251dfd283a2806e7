"""Explains rules as they are in force now: asks the engine, the remediation's guards, the journal and the targets' standing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.explaining import answering, asked
from mendwatch.alerting.explaining.answering import Question
from mendwatch.alerting.explaining.nouns import Explanation
from mendwatch.alerting.explaining.parts import Parts
from mendwatch.alerting.explaining.view import Hindrance, View
from mendwatch.alerting.matchers import Matcher
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.alerting.subjects import Subject
from mendwatch.clock import Clock
from mendwatch.config.documents import nearest
from mendwatch.errors import ContentError, NotFound, UserError
from mendwatch.model.journal import Decision
from mendwatch.model.proposals import Proposal
from mendwatch.polling.outcomes import TargetStatus
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.remediation.guards import GuardVerdict
from mendwatch.service.judgement import Judgement
from mendwatch.store.interface import Store

#: Subjects that are explained in detail at most, and of how many the remediation's guards are asked.
MOST, MOST_GUARDED = 50, 5
#: Decisions that are told of at most.
DECISIONS = 100


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation, what the guards of the remediation say by fingerprint, and the newest decisions, newest first."""

    explanation: Explanation
    guards: Mapping[str, Sequence[GuardVerdict]]
    decisions: Sequence[Decision]


@dataclass(slots=True)
class Explainer:
    """`standing` tells how every target stands; `collectors` gives the collector of each schema."""

    engine: AlertEngine
    judgement: Judgement
    remedy: RemediationEngine
    store: Store
    standing: Callable[[], Sequence[TargetStatus]]
    collectors: Mapping[str, str]
    clock: Clock
    _parts: Parts | None = None
    _rules: RuleSet | None = None

    async def explain(self, name: str, wanted: Sequence[str] = (), limit: int = 10) -> Told:
        """Explain a rule for the subjects that all matchers mean, the worst first.

        Raises:
            NotFound: there is no such rule.
            UserError: a matcher cannot be read.
            StoreError: the journal cannot be read.
        """
        matchers, now = _parsed(wanted), self.clock.now()
        compiled = self._rule(name)
        engine = self.engine
        subjects, sources = engine.subjects(name), engine.sources(compiled.rule.on)
        view = View(compiled, subjects, sources, tuple(hindrances(compiled.rule.on, self.collectors, self.standing())), now)
        limit = max(1, min(limit, MOST))
        question = Question(view, matchers, limit, self._compiled_parts(), lambda subject: engine.holds(subject, now))
        found = await self.judgement.in_turn(answering.explaining(question))
        marks = [one.fingerprint for one in found.subjects if one.fingerprint]
        guards = {mark: await self._guards(compiled, mark) for mark in marks[:MOST_GUARDED]}
        only = marks[0] if len(marks) == found.matching == 1 else None
        decisions = await self.store.journal.of_rule(name, fingerprint=only, limit=DECISIONS)
        return Told(found, {mark: verdicts for mark, verdicts in guards.items() if verdicts}, decisions)

    def _rule(self, name: str) -> CompiledRule:
        compiled = self.engine.rules.get(name)
        if compiled is None:
            meant = nearest(name, [rule.alert for rule in self.engine.rules.rules])
            raise NotFound(f"there is no rule {name!r}", hint=f"Did you mean {meant!r}?" if meant else "See the list of rules.")
        return compiled

    def _compiled_parts(self) -> Parts:
        """Give what compiles parts; of other rules, anew."""
        if self._parts is None or self._rules is not self.engine.rules:
            self._parts, self._rules = Parts(), self.engine.rules
        return self._parts

    async def _guards(self, compiled: CompiledRule, mark: str) -> Sequence[GuardVerdict]:
        """Ask the remediation's guards about an alert that fires or may soon; nothing is begun by that."""
        subject = next((one for one in self.engine.subjects(compiled.rule.alert) if one.fingerprint == mark), None)
        if subject is None or subject.alert is None or compiled.rule.remediate is None:
            return ()
        try:
            return await self.remedy.why_not(_proposal(subject))
        except NotFound:  # an alert of a target that left the configuration
            return ()


def hindrances(schema: str, collectors: Mapping[str, str], targets: Sequence[TargetStatus]) -> Iterator[Hindrance]:
    """Give, for every target that does not give records of a schema now, why."""
    name = collectors.get(schema)
    if name is None:
        return
    having = [(status, one) for status in targets for one in status.collectors if one.name == name]
    if not having:
        yield Hindrance("", f"no target gives this schema: none of {len(targets)} has the collector {name}")
    for status, one in having:
        target = status.target.id
        if status.up is False:
            yield Hindrance(target, f"{target} does not answer: {status.error or 'no reason is known'}")
        elif one.error is not None:
            yield Hindrance(target, f"collector {name} is {one.error_code or one.state.value} on {target}: {one.error}")
        elif one.last_poll is None:
            yield Hindrance(target, f"collector {name} was not asked yet on {target}")


def _proposal(subject: Subject) -> Proposal:
    values, _ = answering.proposable(subject)
    alert = subject.alert or subject.blank()
    return Proposal(subject.compiled.rule, alert, values)


def _parsed(texts: Sequence[str]) -> list[Matcher]:
    try:
        return asked.parsed(texts)
    except ContentError as problem:
        raise UserError(str(problem), hint=problem.hint) from problem
