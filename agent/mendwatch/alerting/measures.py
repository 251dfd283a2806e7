"""Conditions put to records: whether a subject is in trouble, whether a change helped, and which values a run would get. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mendwatch.alerting.conditions import Bound, Condition, Plain
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.alerting.states import all_of
from mendwatch.alerting.subjects import Subject
from mendwatch.model.alerts import Record
from mendwatch.model.proposals import Verdict


def bind(compiled: CompiledRule, record: Record) -> Bound:
    """Make a record's values ready for a rule's expressions."""
    return compiled.language.bind(record.values, record.labels, record.derived)


def foremost(compiled: CompiledRule, records: Sequence[Record], bounds: Sequence[Bound]) -> int:
    """Give which of a subject's records speaks for it: the first that is in trouble, else the first."""
    troubled = (index for index, _ in enumerate(records) if compiled.when.holds(bounds[index]) is True)
    return next(troubled, 0) if len(records) > 1 else 0


def verified(subject: Subject, since: datetime) -> Verdict:
    """Measure `verify.when` on data from `since` on; a rule without one is verified when its alert would clear.

    Only the values that the condition names must be that new: a record's slowest value may be minutes old.
    """
    verify = subject.compiled.verify
    if verify is None:
        names = subject.compiled.when.names | (subject.compiled.clear.names if subject.compiled.clear else frozenset())
        return _over(subject, since, lambda record: record.measured(names))
    return _measure(subject, _Question(verify, verify.holds, since, lambda record: record.measured(verify.names)))


def still_firing(subject: Subject, since: datetime) -> Verdict:
    """Tell on a poll made from `since` on whether the trouble goes on: True until `clear` holds.

    The source was asked anew, and has nothing newer than what it said; its own measurement may be older.
    """
    over = _over(subject, since, lambda record: record.asked)
    return over if over.holds is None else Verdict(not over.holds, over.reason, over.values)


def variables(subject: Subject, record: Record) -> tuple[Mapping[str, Plain], tuple[str, ...]]:
    """Evaluate the remediation's variables over a record: the values, and the names that have none."""
    bound = bind(subject.compiled, record)
    found = {name: expression.value(bound) for name, expression in subject.compiled.variables.items()}
    lacking = tuple(name for name, value in found.items() if value is None)
    return {name: value for name, value in found.items() if value is not None}, lacking


@dataclass(frozen=True, slots=True)
class _Question:
    """What is put to each record. `condition` is what the reason speaks of; `moment` tells how new a record is."""

    condition: Condition
    decide: Callable[[Bound], bool | None]
    since: datetime
    moment: Callable[[Record], datetime]


def _over(subject: Subject, since: datetime, moment: Callable[[Record], datetime]) -> Verdict:
    """Measure whether the alert would clear: `clear` holds and `when` does not, or there is only `when` to ask."""
    when, clear = subject.compiled.when, subject.compiled.clear

    def decide(bound: Bound) -> bool | None:
        worried = when.holds(bound)
        if clear is None:
            return None if worried is None else not worried
        return False if worried else clear.holds(bound)

    return _measure(subject, _Question(clear or when, decide, since, moment))


def _measure(subject: Subject, question: _Question) -> Verdict:
    """Put one question to every record of a subject; all must be fresh, and all must agree."""
    condition = question.condition
    if not subject.records or any(question.moment(record) < question.since for record in subject.records):
        return Verdict(None, f"no measurement at or after {question.since.isoformat()}", {})
    bounds = [bind(subject.compiled, record) for record in subject.records]
    answer = all_of(question.decide(bound) for bound in bounds)
    record = subject.records[foremost(subject.compiled, subject.records, bounds)]
    values, said = record.values, _listed(condition, record)
    if answer is None:
        missing = sorted({name for bound in bounds for name in condition.missing(bound)})
        what = f"no value of {', '.join(missing)}" if missing else f"{condition.text} has no result"
        return Verdict(None, f"{what} with {said}", values)
    holds = all_of(condition.holds(bound) for bound in bounds)
    return Verdict(answer, f"{condition.text} {'holds' if holds else 'does not hold'} with {said}", values)


def _listed(condition: Condition, record: Record) -> str:
    """Name the values that the condition speaks of; a record has many more, and they would hide these."""
    named = {*condition.names, *condition.inputs.values()}
    used = ((name, value) for name, value in sorted({**record.values, **record.derived}.items()) if name in named)
    return ", ".join(f"{name}={_number(value)}" for name, value in used) or "no values"


def _number(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value == int(value) else f"{value:g}"
