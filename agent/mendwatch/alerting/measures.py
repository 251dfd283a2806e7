"""Conditions put to records: whether a subject is in trouble, whether a change helped, and which values a run would get. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from mendwatch.alerting.conditions import Bound, Condition, Plain
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.alerting.states import all_of, any_of
from mendwatch.alerting.subjects import Subject, newest
from mendwatch.model.alerts import Record
from mendwatch.model.proposals import Verdict


def bind(compiled: CompiledRule, record: Record) -> Bound:
    """Make a record's values ready for a rule's expressions."""
    return compiled.language.bind(record.values, record.labels)


def worried(compiled: CompiledRule, bounds: Sequence[Bound]) -> bool | None:
    """Put `when` to all records of one subject, usually one: it is in trouble if one of them is."""
    if len(bounds) == 1:
        return compiled.when.holds(bounds[0])
    return any_of(compiled.when.holds(bound) for bound in bounds)


def cleared(compiled: CompiledRule, bounds: Sequence[Bound], when: bool | None) -> bool | None:  # noqa: FBT001 - an answer
    """Put `clear` to all records of one subject: it is over if all are; without `clear`, when `when` does not hold."""
    if compiled.clear is None:
        return None if when is None else not when
    return all_of(compiled.clear.holds(bound) for bound in bounds)


def foremost(compiled: CompiledRule, records: Sequence[Record], bounds: Sequence[Bound]) -> int:
    """Give which of a subject's records speaks for it: the first that is in trouble, else the first."""
    troubled = (index for index, _ in enumerate(records) if compiled.when.holds(bounds[index]) is True)
    return next(troubled, 0) if len(records) > 1 else 0


def verified(subject: Subject, since: datetime) -> Verdict:
    """Measure `verify.when` on data from `since` on; a rule without one is verified when its alert would clear."""
    verify = subject.compiled.verify
    if verify is None:
        return _over(subject, since)
    return _measure(subject, since, verify, verify.holds)


def still_firing(subject: Subject, since: datetime) -> Verdict:
    """Tell on data from `since` on whether the trouble goes on: True until `clear` holds."""
    over = _over(subject, since)
    return over if over.holds is None else Verdict(not over.holds, over.reason, over.values)


def variables(subject: Subject, record: Record) -> tuple[Mapping[str, Plain], tuple[str, ...]]:
    """Evaluate the remediation's variables over a record: the values, and the names that have none."""
    bound = bind(subject.compiled, record)
    found = {name: expression.value(bound) for name, expression in subject.compiled.variables.items()}
    lacking = tuple(name for name, value in found.items() if value is None)
    return {name: value for name, value in found.items() if value is not None}, lacking


def _over(subject: Subject, since: datetime) -> Verdict:
    """Measure whether the alert would clear: `clear` holds and `when` does not, or there is only `when` to ask."""
    when, clear = subject.compiled.when, subject.compiled.clear

    def decide(bound: Bound) -> bool | None:
        worried = when.holds(bound)
        if clear is None:
            return None if worried is None else not worried
        return False if worried else clear.holds(bound)

    return _measure(subject, since, clear or when, decide)


def _measure(subject: Subject, since: datetime, condition: Condition, decide: Callable[[Bound], bool | None]) -> Verdict:
    """Put one question to every fresh record of a subject; all must agree. `condition` is what the reason speaks of."""
    records = newest(subject.records, since)
    if not records or len(records) < len(subject.records):
        return Verdict(None, f"no measurement at or after {since.isoformat()}", {})
    bounds = [bind(subject.compiled, record) for record in records]
    answer = all_of(decide(bound) for bound in bounds)
    values = records[foremost(subject.compiled, records, bounds)].values
    if answer is None:
        missing = sorted({name for bound in bounds for name in condition.missing(bound)})
        what = f"no value of {', '.join(missing)}" if missing else f"{condition.text} has no result"
        return Verdict(None, f"{what} with {_listed(condition, values)}", values)
    holds = all_of(condition.holds(bound) for bound in bounds)
    return Verdict(answer, f"{condition.text} {'holds' if holds else 'does not hold'} with {_listed(condition, values)}", values)


def _listed(condition: Condition, values: Mapping[str, float]) -> str:
    """Name the values that the condition speaks of; a record has many more, and they would hide these."""
    used = ((name, value) for name, value in sorted(values.items()) if name in condition.names)
    return ", ".join(f"{name}={_number(value)}" for name, value in used) or "no values"


def _number(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value == int(value) else f"{value:g}"
