"""Explains one rule: how its subjects stand and why, and where there are none, what refuses or what is missing. Pure, in slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mendwatch.alerting import measures
from mendwatch.alerting.explaining import clocks, records
from mendwatch.alerting.explaining.asked import NOBODY, Means, cost
from mendwatch.alerting.explaining.nouns import Asked, Explanation, Hold, MatcherAnswer, RuleFacts, Seen, SubjectAnswer
from mendwatch.alerting.explaining.parts import Parts
from mendwatch.alerting.explaining.view import View
from mendwatch.alerting.matchers import Matcher
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.alerting.slices import Slices, Steps
from mendwatch.alerting.subjects import Entry, Subject
from mendwatch.model.alerts import AlertState, Record

#: Units of one look at a subject or a record, and of explaining one.
_LOOK, _EXPLAIN = 6, 1500
#: Records of one subject that are explained at most.
_RECORDS = 5
#: The worst first.
_ORDER = (AlertState.FIRING, AlertState.RESOLVING, AlertState.NO_DATA, AlertState.PENDING, AlertState.INACTIVE)

#: Gives what holds the remediation of a subject back now.
Holds = Callable[[Subject], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: subjects whose labels all `matchers` accept, at most `limit` of them in detail."""

    view: View
    matchers: Sequence[Matcher]
    limit: int
    parts: Parts
    holds: Holds


@dataclass(slots=True)
class _Found:
    """What was found among the subjects, and among the records that are none."""

    states: Counter[str] = field(default_factory=Counter)
    chosen: dict[AlertState, list[Subject]] = field(default_factory=dict)
    matching: int = 0
    seen: int = 0  # records that the question means
    refused: list[Entry] = field(default_factory=list)
    refusals: Counter[int] = field(default_factory=Counter)  # by the place of the first matcher that refused
    passed_over: int = 0  # subjects and records that were not held against a pattern, because others were many


def explaining(question: Question) -> Steps[Explanation]:
    """Answer in slices; nothing else may work on the engine meanwhile."""
    view, slices, found = question.view, Slices(), _Found()
    yield from _look_at_subjects(question, found, slices)
    if not found.matching:
        yield from _look_at_records(question, found, slices)
    answers = []
    for subject in _worst(found, question.limit):
        answers.append(_subject(question, subject))
        if slices.full(_EXPLAIN):
            yield
    answers += [_refused(view, entry) for entry in found.refused]
    why = tuple(_why(question, found, answers))
    states = {str(state): found.states[state] for state in _ORDER if found.states[state]}
    return Explanation(view.now, facts(view.compiled), len(view.subjects), found.matching, states, tuple(answers), why)


def facts(compiled: CompiledRule) -> RuleFacts:
    """Give the rule as it is in force."""
    rule = compiled.rule
    return RuleFacts(
        alert=rule.alert,
        group=rule.group,
        on=rule.on,
        match=rule.match,
        when=rule.when,
        clear=rule.clear,
        hold=rule.hold.total_seconds(),
        keep_firing_for=rule.keep_firing_for.total_seconds(),
        no_data=rule.no_data,
        remediation=rule.remediate.remediation if rule.remediate else None,
        mode=rule.remediate.mode if rule.remediate else None,
        path=rule.path,
        line=rule.line,
        digest=rule.digest,
    )


def _look_at_subjects(question: Question, found: _Found, slices: Slices) -> Steps[None]:
    units, means = _LOOK + sum(map(cost, question.matchers)), Means(question.matchers)
    for subject in sorted(question.view.subjects, key=_calm):  # where not all can be asked, those with an alert are
        state = subject.alert.state if subject.alert is not None else AlertState.INACTIVE
        found.states[state] += 1
        refusing = means.refusing(subject.labels)
        if refusing is None:
            found.passed_over += 1
        elif refusing == NOBODY:
            found.matching += 1
            chosen = found.chosen.setdefault(state, [])
            if len(chosen) < question.limit:
                chosen.append(subject)
        if slices.full(units):
            yield


def _look_at_records(question: Question, found: _Found, slices: Slices) -> Steps[None]:
    """Look at the records of the rule's schema that it does not take."""
    units = _LOOK + sum(map(cost, (*question.matchers, *question.view.compiled.matchers)))
    means, takes = Means(question.matchers), Means(question.view.compiled.matchers)
    for entry in (entry for source in question.view.sources for entry in list(source.entries.values())):
        meant = means.refusing(entry.labels)
        if meant == NOBODY:
            _look_at_record(question, found, entry, takes.refusing(entry.labels))
        elif meant is None:
            found.passed_over += 1
        if slices.full(units):
            yield


def _look_at_record(question: Question, found: _Found, entry: Entry, refusing: int | None) -> None:
    if refusing is None:
        found.passed_over += 1
        return
    found.seen += 1
    if refusing != NOBODY:
        found.refusals[refusing] += 1
        if len(found.refused) < min(question.limit, _RECORDS):
            found.refused.append(entry)


def _worst(found: _Found, limit: int) -> list[Subject]:
    return [subject for state in _ORDER for subject in found.chosen.get(state, ())][:limit]


def _subject(question: Question, subject: Subject) -> SubjectAnswer:
    view, alert = question.view, subject.alert
    shown = tuple(records.seen(view.compiled, entry, record, question.parts, view.now) for entry, record in _records(subject))
    holds = tuple(Hold(*one) for one in question.holds(subject)) if alert is not None else ()
    return SubjectAnswer(
        key=subject.key,
        labels=subject.labels,
        target=subject.target,
        fingerprint=subject.fingerprint,
        state=alert.state if alert is not None else AlertState.INACTIVE,
        words=_words(subject, shown),
        matchers=_matched(view.compiled, subject.labels),
        clocks=clocks.clocks(subject, view.now),
        records=shown,
        holds=holds,
    )


def _records(subject: Subject) -> Iterator[tuple[Entry | None, Record]]:
    entries: Sequence[Entry | None] = subject.entries or [None] * _RECORDS
    return zip(entries[:_RECORDS], subject.records, strict=False)


def _refused(view: View, entry: Entry) -> SubjectAnswer:
    matched = _matched(view.compiled, entry.labels)
    refusing = next(one for one in matched if not one.matches)
    words = f"the rule does not take it: {refusing.text}, and its {_label(refusing)}"
    return SubjectAnswer({}, entry.labels, entry.form.target, "", "", words, matched)


def _label(refusing: MatcherAnswer) -> str:
    return "label is not there" if refusing.label is None else f"label is {refusing.label!r}"


def _matched(compiled: CompiledRule, labels: Mapping[str, str]) -> tuple[MatcherAnswer, ...]:
    pairs = zip(compiled.rule.match, compiled.matchers, strict=True)
    return tuple(MatcherAnswer(text, labels.get(one.label), one.matches(labels)) for text, one in pairs)


def _words(subject: Subject, shown: Sequence[Seen]) -> str:
    """Say in one sentence how a subject stands."""
    alert, when = subject.alert, _speaking(shown)
    said = _condition(when) if when is not None else "nothing was measured of it since the agent started"
    if alert is None:
        return f"inactive: {said}"
    if alert.state is AlertState.PENDING and alert.active_since is not None:
        return f"pending since {alert.active_since:%Y-%m-%d %H:%M:%SZ}: {said}"
    if alert.fired_at is not None:
        return f"{alert.state}, fired at {alert.fired_at:%Y-%m-%d %H:%M:%SZ}: {said}"
    return f"{alert.state}: {said}"


def _speaking(shown: Sequence[Seen]) -> Asked | None:
    """Give how `when` was answered for the record that speaks: the first in trouble, else the first."""
    asked = [one for one in (records.answer(each, "when") for each in shown) if one is not None]
    return next((one for one in asked if one.answer is True), asked[0] if asked else None)


def _condition(when: Asked) -> str:
    if when.answer is None:
        missing = f": no value of {', '.join(when.missing)}" if when.missing else ""
        return f"{when.text} has no answer{missing}"
    return f"{when.text} {'holds' if when.answer else 'does not hold'}"


def _why(question: Question, found: _Found, answers: Sequence[SubjectAnswer]) -> Iterator[str]:
    """Say why nothing fires, where nothing does; and what was not looked at."""
    if found.passed_over:
        words = "were not held against the pattern: that takes too long for so many; plain text, `.*` and `|` have no such bound"
        yield f"{found.passed_over} {words}"
    if any(one.state == AlertState.FIRING for one in answers):
        return
    view = question.view
    kind, asked = view.compiled.rule.on, _listed(question.matchers)
    if found.matching:
        yield f"{found.matching} of {len(view.subjects)} subjects{asked} are known, and none of them fires"
    elif found.seen:
        yield from _refusals(view, found, asked)
    else:
        yield f"no sample of type {kind}{asked} since the agent started{_of_others(view)}"
    if not found.matching or found.states[AlertState.NO_DATA]:
        yield from (one.words for one in view.hindrances)


def _refusals(view: View, found: _Found, asked: str) -> Iterator[str]:
    kind, match = view.compiled.rule.on, view.compiled.rule.match
    for at, number in sorted(found.refusals.items()):
        which = "none matches" if number == found.seen else f"{number} do not match"
        yield f"{found.seen} of type {kind}{asked} seen, {which} {match[at]}"
    if not found.refusals:
        yield f"{found.seen} of type {kind}{asked} seen, and no condition was put to them yet"


def _of_others(view: View) -> str:
    others = sum(len(source.entries) for source in view.sources)
    return f", though {others} others were seen" if others else ""


def _listed(matchers: Sequence[Matcher]) -> str:
    return f" with {', '.join(f'{one.label}{one.operator}{one.value}' for one in matchers)}" if matchers else ""


def _calm(subject: Subject) -> bool:
    return subject.alert is None


def proposable(subject: Subject) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """Give the variables that the remediation would get now, and the names of those that have no value."""
    shown = subject.records
    return measures.variables(subject, shown[0]) if shown else ({}, ())
