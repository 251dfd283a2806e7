"""How what one source publishes stands on the page: which lines there are, and which of the numbers each one takes.

A poll mostly gives the same series as the one before. So all that hangs on names and labels is decided once, here, and
kept; a poll then is a list of numbers beside it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from mendwatch.metrics import text
from mendwatch.metrics.declarations import Declaration
from mendwatch.metrics.strips import Labels, Strip, Strips
from mendwatch.model.samples import Layout
from mendwatch.model.targets import Target


class Given(NamedTuple):
    """The series of one metric as they were published.

    `places` tells for each where its number is; None: side by side, from `start` on. Series of a layout stand there once.
    """

    metric: str
    labels: Sequence[Labels]
    start: int = 0
    places: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Samples of one metric that were not taken, how many, and why: a word for the counter and one for the person."""

    metric: str
    reason: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one metric: what each begins with, its own labels, and the place of its number, as in `Given`."""

    head: bytes
    strip: Strip
    start: int
    places: Sequence[int] | None

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self.strip)

    def pick(self, values: Sequence[float], start: int, stop: int) -> Sequence[float]:
        """Choose the numbers of the lines from `start` up to `stop`."""
        if self.places is None:
            return values[self.start + start : self.start + stop]
        return [values[place] for place in self.places[start:stop]]

    def meets(self, other: Lines) -> bool:
        """Tell whether a series stands in both."""
        if self.head != other.head:
            return False
        return self.strip is other.strip or not set(self.strip.labels).isdisjoint(other.strip.labels)


@dataclass(frozen=True, slots=True)
class Form:
    """The lines of everything that a source published, by metric, and what could not be taken.

    `known` is how many metrics were declared when this was decided: with more, it may come out differently.
    """

    target: Target
    known: int
    lines: Mapping[str, Lines]
    refusals: tuple[Refusal, ...]

    def holds(self, target: Target, known: int) -> bool:
        """Tell whether the same series would be taken in the same way again."""
        return self.known == known and (self.target is target or self.target == target)


def of_layout(layout: Layout) -> Iterator[Given]:
    """Give the series of a layout, metric by metric."""
    for metric, start, stop in layout.runs:
        yield Given(metric, layout.labels[start:stop], start)


def of_lists(metrics: Sequence[str], labels: Sequence[Labels]) -> Iterator[Given]:
    """Give series that came in any order, metric by metric."""
    places: dict[str, array[int]] = {}
    for place, metric in enumerate(metrics):
        found = places.get(metric)
        if found is None:
            found = places[metric] = array("I")
        found.append(place)
    for metric, found in places.items():
        yield Given(metric, [labels[place] for place in found], 0, found)


def shared(labels: list[Labels]) -> list[Labels]:
    """Give the same labels, equal ones by one object: metrics of one subject have the same, and each kept costs memory."""
    if not _all_text(labels):
        return labels
    known: dict[Labels, Labels] = {}
    return [known.setdefault(one, one) for one in labels]


def build(declared: Mapping[str, Declaration], target: Target, target_label: str, given: Iterable[Given]) -> Form:
    """Decide how series stand on the page of a target, and tell what cannot."""
    strips, lines, refusals = Strips(), dict[str, Lines](), list[Refusal]()
    for one in given:
        declaration = declared.get(one.metric)
        fault = _fault(declaration, target, target_label, one)
        if declaration is None or fault is not None:
            refusals += [fault] if fault else []
            continue
        found, refused = _lines(declaration, target, one, strips)
        refusals += refused
        if found is not None:
            lines[one.metric] = found
    return Form(target, len(declared), lines, tuple(refusals))


def _fault(declaration: Declaration | None, target: Target, target_label: str, given: Given) -> Refusal | None:
    """Say why no series of a metric can stand on the page of a target."""
    metric, count = given.metric, len(given.labels)
    if declaration is None:
        return Refusal(metric, "undeclared", count, f"{metric} was never declared")
    if declaration.target_label != target_label:
        detail = f"{metric} was declared with the target label {declaration.target_label!r}, not {target_label!r}"
        return Refusal(metric, "target_label", count, detail)
    clash = declaration.clash(target)
    return Refusal(metric, "label_clash", count, clash) if clash else None


def _lines(declaration: Declaration, target: Target, given: Given, strips: Strips) -> tuple[Lines | None, list[Refusal]]:
    names, head = declaration.spec.labels, declaration.head(target)
    if given.places is None:
        strip = strips.get(names, given.labels, lambda: _sound(len(names), given.labels))
        if strip is not None:
            return Lines(head, strip, given.start, None), []
    taken, refusals = _pick(declaration, given)
    if not taken:
        return None, refusals
    labels = sorted(taken)
    strip = strips.get(names, labels, lambda: True) or Strip(names, labels)
    return Lines(head, strip, 0, array("I", [taken[one] for one in labels])), refusals


def _sound(count: int, labels: Sequence[Labels]) -> bool:
    """Tell in one sweep, which is cheaper than one by one, that no series has a fault of its own."""
    return set(map(len, labels)) == {count} and _all_text(labels) and _carried(labels)


def _carried(labels: Sequence[Labels]) -> bool:
    try:
        "".join(chain.from_iterable(labels)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _pick(declaration: Declaration, given: Given) -> tuple[dict[Labels, int], list[Refusal]]:
    """Take what can stand, each series once, by the labels as they are shown; the first of two alike is taken."""
    count, places = len(declaration.spec.labels), given.places or range(given.start, given.start + len(given.labels))
    sound = _sound(count, given.labels)
    taken: dict[Labels, int] = {}
    faults: dict[str, list[str]] = {}
    for labels, place in zip(given.labels, places, strict=True):
        detail = None if sound else _label_fault(declaration, labels)
        if detail is not None:
            faults.setdefault("labels", []).append(detail)
            continue
        shown = labels if sound else tuple(map(text.clean, labels))
        if taken.setdefault(shown, place) != place:
            detail = f"the series {shown} was given more than once; the first is kept"
            faults.setdefault("duplicate", []).append(detail)
    return taken, [Refusal(given.metric, reason, len(found), found[0]) for reason, found in faults.items()]


def _label_fault(declaration: Declaration, labels: Labels) -> str | None:
    if len(labels) != len(declaration.spec.labels):
        return f"{len(labels)} label values for the labels {list(declaration.spec.labels)}"
    return None if all(isinstance(label, str) for label in labels) else "a label's value is no text"


def _all_text(labels: Sequence[Labels]) -> bool:
    return set(map(type, chain.from_iterable(labels))) <= {str}
