"""What one source of one target gave last, and how the next is made of it: what stays the same is used again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from mendwatch.metrics import forms
from mendwatch.metrics.declarations import Declaration
from mendwatch.metrics.forms import Form, Given, Refusal
from mendwatch.metrics.page import Part
from mendwatch.metrics.strips import Labels
from mendwatch.model.samples import Columns, Layout, Sample
from mendwatch.model.targets import Target


@dataclass(frozen=True, slots=True)
class _Lists:
    """Metrics and labels of samples, side by side in the order they came."""

    metrics: list[str]
    labels: list[Labels]


#: What a form was made from; a layout is compared by identity, as layouts have no other equality.
_Seen = Layout | _Lists


@dataclass(frozen=True, slots=True)
class Publication:
    """What a source gave, when that ends, and what of it was refused; `seen` is what each part's form was made from."""

    expires: float
    seen: tuple[_Seen, ...]
    parts: tuple[Part, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What there is besides a source's own numbers: `others` are what the target's other sources gave, by name."""

    declared: Mapping[str, Declaration]
    target: Target
    target_label: str
    others: Mapping[str, Publication]


#: What parts were made from, and the parts, as long as nobody has taken them over.
_Known = list[tuple[_Seen, Part]]


class _Draft(NamedTuple):
    """A part before it is known whether another one gives its series; `same`: it was there last time, and whole."""

    seen: _Seen
    part: Part
    same: bool


def make(
    context: Context, before: Publication | None, samples: Iterable[Sample], columns: Sequence[Columns], expires: float
) -> Publication:
    """Make the publication of one poll; `before` is the one that it replaces."""
    known: _Known = list(zip(before.seen, before.parts, strict=True)) if before else []
    kept, values, refusals = _numeric(list(samples))
    drafts = [_of_samples(context, known, kept, values)] if kept else []
    drafts += [_of_columns(context, known, one) for one in columns]
    parts, rivals = _settle(context, drafts)
    own = chain.from_iterable(part.form.refusals for part in parts)
    return Publication(expires, tuple(draft.seen for draft in drafts), tuple(parts), (*refusals, *own, *rivals))


def _of_samples(context: Context, known: _Known, samples: list[Sample], values: list[float]) -> _Draft:
    lists = _Lists([one.metric for one in samples], [one.labels for one in samples])
    old = _taken(context, known, lists)
    if old is not None:
        return _Draft(old[0], Part(old[1].form, values), not old[1].barred)
    lists = _Lists(lists.metrics, forms.shared(lists.labels))
    return _Draft(lists, Part(_form(context, forms.of_lists(lists.metrics, lists.labels)), values), same=False)


def _of_columns(context: Context, known: _Known, columns: Columns) -> _Draft:
    layout, old = columns.layout, _taken(context, known, columns.layout)
    form = old[1].form if old is not None else _form(context, forms.of_layout(layout))
    part = Part(form, columns.values, sparse=True, absent=columns.absent)
    return _Draft(layout, part, same=old is not None and not old[1].barred)


def _taken(context: Context, known: _Known, seen: _Seen) -> tuple[_Seen, Part] | None:
    """Take over what was made of the same series last time; a layout that is given twice in one poll has it once."""
    for at, (old, part) in enumerate(known):
        if old == seen and part.form.holds(context.target, len(context.declared)):
            return known.pop(at)
    return None


def _form(context: Context, given: Iterable[Given]) -> Form:
    return forms.build(context.declared, context.target, context.target_label, given)


def _settle(context: Context, drafts: Sequence[_Draft]) -> tuple[list[Part], list[Refusal]]:
    """Bar the metrics that another part of the target gives already; what was there before comes first."""
    rivals = [("this source", draft.part) for draft in drafts if draft.same]
    if len(rivals) < len(drafts):
        rivals += [(name, part) for name, one in context.others.items() for part in one.parts]
    parts: list[Part] = []
    refusals: list[Refusal] = []
    for draft in drafts:
        part = draft.part
        if not draft.same:
            refused = list(_rivalry(part.form, rivals))
            part = replace(part, barred=frozenset(one.metric for one in refused))
            rivals.append(("this source", part))
            refusals += refused
        parts.append(part)
    return parts, refusals


def _rivalry(form: Form, rivals: Sequence[tuple[str, Part]]) -> Iterator[Refusal]:
    """Refuse each metric of which a rival gives a series: Prometheus would drop one of the two silently."""
    for metric, lines in form.lines.items():
        for name, rival in rivals:
            theirs = None if metric in rival.barred else rival.form.lines.get(metric)
            if theirs is not None and lines.meets(theirs):
                yield Refusal(metric, "duplicate", len(lines), f"{name} of this target gives these series too")
                break


def _numeric(samples: list[Sample]) -> tuple[list[Sample], list[float], list[Refusal]]:
    """Give the samples that are numbers, their values, and a refusal per metric of the others."""
    values = [one.value for one in samples]
    if set(map(type, values)) <= {float}:
        return samples, values, []
    found = [(one, number) for one in samples if (number := _float(one.value)) is not None]
    bad = [one for one in samples if _float(one.value) is None]
    refusals = [
        Refusal(metric, "value", count, f"a value of {metric} is no number that a float can hold")
        for metric, count in Counter(one.metric for one in bad).items()
    ]
    return [one for one, _ in found], [number for _, number in found], refusals


def _float(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return None
