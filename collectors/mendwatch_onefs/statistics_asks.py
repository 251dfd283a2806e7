"""How the keys are spread over requests: few, each with a line that a web server takes and an answer that is decoded in a blink.

A cluster measures some keys every five seconds and others every five minutes; asking more often gives nothing new. So keys
of one pace share requests, and a request is asked again when there can be something new. Keys that feed one metric stay on
one sheet, because a sheet's numbers have one layout.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mendwatch_onefs.statistic_shapes import SCALAR, TOTAL, Shape
from mendwatch_onefs.statistics_choice import Wanted

#: Bytes that the keys of one request may take; Apache's limit for the whole line is about 8,100.
BATCH = 7000
#: Numbers of one answer, roughly: ten thousand take two milliseconds, and the loop must not stand still for fifteen.
ANSWER = 10_000


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `interval` is 0 for what is asked in every poll; a patient one is decoded value by value."""

    wanted: tuple[Wanted, ...]
    interval: float
    patient: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in the order in which they are asked for."""
        return tuple(one.key for one in self.wanted)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """All shapes of its values."""
        found = {term.statistic.shape.name: term.statistic.shape for one in self.wanted for term in one.terms}
        return tuple(found.values())


#: What must share a layout.
Sheet = tuple[Ask, ...]


def arrange(wanted: Iterable[Wanted], nodes: int, pace: float, odd: Container[str] = ()) -> tuple[Sheet, ...]:
    """Spread the keys over sheets and requests, for a cluster of so many nodes that is asked every `pace` seconds.

    `odd` are keys whose values were not of the usual type; they are kept apart, so that the others stay quick.
    """
    groups = [[(_lane(one, pace, odd), one) for one in group] for group in together(wanted)]
    groups.sort(key=lambda group: sorted({lane for lane, _ in group}))
    return tuple(tuple(_asks(sheet, nodes)) for sheet in _sheets(groups, nodes))


#: (interval, patient, kind of outline): keys of one lane may share a request.
_Lane = tuple[float, bool, str]


def _lane(one: Wanted, pace: float, odd: Container[str]) -> _Lane:
    interval = 0.0 if one.interval <= 1.2 * pace else one.interval
    return interval, one.key in odd, kind_of(one.terms[0].statistic.shape)


def kind_of(shape: Shape) -> str:
    """Give what one decoder can take together: numbers and operations; each other shape needs its own."""
    return "usual" if shape is SCALAR or shape.outline == TOTAL.outline else shape.name


def together(wanted: Iterable[Wanted]) -> list[list[Wanted]]:
    """Group the keys so that no metric has keys in two groups."""
    group_of: dict[str, list[Wanted]] = {}
    for one in wanted:
        metrics = {term.statistic.metric for term in one.terms}
        group, *others = [*{id(found): found for metric in metrics if (found := group_of.get(metric))}.values()] or [[]]
        group.append(one)
        for other in others:
            group += other
            metrics |= {term.statistic.metric for member in other for term in member.terms}
        group_of |= dict.fromkeys(metrics, group)
    return list({id(group): group for group in group_of.values()}.values())


_Group = Sequence[tuple[_Lane, Wanted]]


def _sheets(groups: Iterable[_Group], nodes: int) -> Iterator[list[tuple[_Lane, Wanted]]]:
    sheet: list[tuple[_Lane, Wanted]] = []
    load = 0
    for group in groups:
        more = sum(_load(one, nodes) for _, one in group)
        if sheet and load + more > ANSWER:
            yield sheet
            sheet, load = [], 0
        sheet = [*sheet, *group]
        load += more
    if sheet:
        yield sheet


def _load(one: Wanted, nodes: int) -> int:
    return one.weight * (nodes if one.terms[0].statistic.per_node else 1)


def _asks(sheet: _Group, nodes: int) -> Iterator[Ask]:
    lanes: dict[_Lane, list[Wanted]] = {}
    for lane, one in sheet:
        lanes.setdefault(lane, []).append(one)
    for (interval, patient, _), members in sorted(lanes.items(), key=lambda item: item[0]):
        loads = {one.key: _load(one, nodes) for one in members}
        by_key = {one.key: one for one in members}
        for keys in batches(loads):
            yield Ask(tuple(by_key[key] for key in keys), interval, patient)


def batches(loads: Mapping[str, int], size: int = BATCH, answer: int = ANSWER) -> Iterator[list[str]]:
    """Split keys so that those of each batch, joined by commas, stay under `size` bytes, and their loads under `answer`."""
    batch: list[str] = []
    length = load = 0
    for key, more in loads.items():
        if batch and (length + len(key) + 1 > size or load + more > answer):
            yield batch
            batch, length, load = [], 0, 0
        batch.append(key)
        length += len(key) + 1
        load += more
    if batch:
        yield batch
